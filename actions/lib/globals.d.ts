/** The engine's module beside the bundle; the bundler sets it. */
declare const COUNTERSIGN_MODULE: string | undefined
