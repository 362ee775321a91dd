use std::os::unix::fs::symlink;
use std::process::Command;

use super::*;
use crate::exit::Exit;

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    fs::create_dir_all(root.join("a")).unwrap();
    fs::write(root.join("a/file"), "inside").unwrap();
    fs::write(folder.path().join("secret"), "outside").unwrap();
    (folder, root)
}

#[test]
fn t43_no_path_leads_out_of_a_folder() {
    let (folder, root) = folder();
    let absolute = folder.path().join("secret").display().to_string();
    for path in ["", "/", ".", "..", "../secret", "a/../../secret", "./../secret", "a\0b", "/etc/passwd", &absolute] {
        let refused = read(&root, path).unwrap_err();
        assert_eq!(refused.exit, Exit::Usage, "read {path:?}: {refused}");
        assert_eq!(write(&root, path, b"x").unwrap_err().exit, Exit::Usage, "write {path:?}");
    }
    assert_eq!(fs::read(folder.path().join("secret")).unwrap(), b"outside");
    assert_eq!(read(&root, "a/file").unwrap().unwrap(), b"inside");
    for missing in ["a/none", "none/none", "a/file/none"] {
        assert_eq!(read(&root, missing).unwrap(), None, "{missing}");
    }
}

#[test]
fn t44_no_link_leads_out_of_a_folder() {
    let (folder, root) = folder();
    symlink(folder.path().join("secret"), root.join("link")).unwrap();
    symlink("..", root.join("up")).unwrap();
    symlink("/proc/self/environ", root.join("a/environ")).unwrap();
    symlink("a", root.join("within")).unwrap();
    for path in ["link", "up/secret", "a/environ"] {
        let refused = read(&root, path).unwrap_err().to_string();
        assert!(refused.contains("is a link that leads out of"), "{path}: {refused}");
    }
    for path in ["up/new", "up/root/new", "up/new/new"] {
        assert!(write(&root, path, b"x").is_err(), "{path}");
    }
    assert!(!folder.path().join("new").exists());
    assert_eq!(read(&root, "within/file").unwrap().unwrap(), b"inside", "a link that stays inside is a name");
    write(&root, "link", b"new").unwrap();
    assert_eq!(fs::read(folder.path().join("secret")).unwrap(), b"outside", "the link is replaced and not followed");
    assert_eq!(read(&root, "link").unwrap().unwrap(), b"new");
}

#[test]
fn t44_devices_and_pipes_are_no_files() {
    let (_folder, root) = folder();
    assert!(Command::new("mkfifo").arg(root.join("pipe")).status().unwrap().success());
    let _socket = std::os::unix::net::UnixListener::bind(root.join("socket")).unwrap();
    for path in ["pipe", "a"] {
        let refused = read(&root, path).unwrap_err().to_string();
        assert!(refused.contains("is not a regular file"), "{path}: {refused}");
    }
    assert!(read(&root, "socket").is_err());
    assert!(read(Path::new("/dev"), "zero").unwrap_err().to_string().contains("is not a regular file"));
    let refused = files::below(&root, "evidence folder").unwrap_err().to_string();
    assert!(refused.contains("is not a regular file"), "{refused}");
}

#[test]
fn a_folder_is_made_and_a_folder_that_is_a_link_itself_is_where_it_leads() {
    let (folder, root) = folder();
    write(&root.join("new/place"), "b/c", b"x").unwrap();
    assert_eq!(fs::read(root.join("new/place/b/c")).unwrap(), b"x");
    let left = fs::read_dir(root.join("new/place/b")).unwrap().count();
    assert_eq!(left, 1, "nothing is left beside it");
    symlink(&root, folder.path().join("named")).unwrap();
    assert_eq!(read(&folder.path().join("named"), "a/file").unwrap().unwrap(), b"inside");
}
