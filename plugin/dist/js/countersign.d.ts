/* tslint:disable */
/* eslint-disable */

/**
 * The engine, and the documents that it was given.
 */
export class Engine {
    free(): void;
    [Symbol.dispose](): void;
    /**
     * Answers one request: JSON in, JSON out.
     */
    callBytes(request: Uint8Array): Uint8Array;
    /**
     * Answers one request.
     */
    call(request: v1.Request): v1.Response;
    /**
     * An engine that holds no documents.
     */
    constructor();
    /**
     * Takes a document, and answers with its digest as text.
     */
    put(bytes: Uint8Array): string;
    /**
     * The bytes with that digest, if there are any.
     */
    take(digest: string): Uint8Array | undefined;
    /**
     * The contract that it speaks.
     */
    static readonly contract: string;
    /**
     * Its version.
     */
    static readonly version: string;
}

export type InitInput = RequestInfo | URL | Response | BufferSource | WebAssembly.Module;

export interface InitOutput {
    readonly memory: WebAssembly.Memory;
    readonly __wbg_engine_free: (a: number, b: number) => void;
    readonly engine_call: (a: number, b: any) => [number, number, number];
    readonly engine_callBytes: (a: number, b: any) => [number, number, number, number];
    readonly engine_contract: () => [number, number];
    readonly engine_new: () => number;
    readonly engine_put: (a: number, b: any) => [number, number, number, number];
    readonly engine_take: (a: number, b: number, c: number) => [number, number, number, number];
    readonly engine_version: () => [number, number];
    readonly __wbindgen_malloc: (a: number, b: number) => number;
    readonly __wbindgen_realloc: (a: number, b: number, c: number, d: number) => number;
    readonly __wbindgen_free: (a: number, b: number, c: number) => void;
    readonly __wbindgen_exn_store: (a: number) => void;
    readonly __externref_table_alloc: () => number;
    readonly __wbindgen_externrefs: WebAssembly.Table;
    readonly __externref_table_dealloc: (a: number) => void;
    readonly __wbindgen_start: () => void;
}

export type SyncInitInput = BufferSource | WebAssembly.Module;

/**
 * Instantiates the given `module`, which can either be bytes or
 * a precompiled `WebAssembly.Module`.
 *
 * @param {{ module: SyncInitInput }} module - Passing `SyncInitInput` directly is deprecated.
 *
 * @returns {InitOutput}
 */
export function initSync(module: { module: SyncInitInput } | SyncInitInput): InitOutput;

/**
 * If `module_or_path` is {RequestInfo} or {URL}, makes a request and
 * for everything else, calls `WebAssembly.instantiate` directly.
 *
 * @param {{ module_or_path: InitInput | Promise<InitInput> }} module_or_path - Passing `InitInput` directly is deprecated.
 *
 * @returns {Promise<InitOutput>}
 */
export default function __wbg_init (module_or_path: { module_or_path: InitInput | Promise<InitInput> } | InitInput | Promise<InitInput>): Promise<InitOutput>;

/**
 * Requests and responses of the contract `countersign/v1`.
 */
export namespace v1 {
  /** What evidence is about. */
  type About =
    /** An entry of the inventory: its artifact. */
    | {
      /** The branch that has the entry. A plain folder has none. */
      branch?: Name | null;
      /** What the inventory is. */
      inventory: InventoryKind;
      kind: "entry";
      /** Its name: its path in the inventory. */
      name: string;
    }
    /** A source commit. */
    | {
      kind: "commit";
      /** Its id. */
      sha: Commit;
    }
    /** An image. */
    | {
      /** Its digest. */
      digest: string;
      kind: "image";
    }
    /** Anything else. */
    | {
      kind: "uri";
      /** Where it is. */
      uri: string;
    };
  /** The answer to the effect that the last plan named. */
  type Answer = {
    /** What happened: the event that answers the effect, or `failed`. */
    event: EventGiven;
    /** The effect's key. */
    key: string;
  };
  /** A protected environment whose reviewers decide on change requests as well, and the run in which they are asked. */
  type Approvals = {
    /** The environment. */
    environment: Environment;
    /** The repository of the workflow. Default: the one of the issues. */
    repository?: Repository | null;
    /** The workflow run, by its number: all attempts of a run have the same. */
    run: number;
  };
  /** An object, and the digest of its bytes. */
  type Blob = {
    /** The digest. */
    digest: Digest;
    /** Git's id. */
    id: string;
  };
  /** A stable name for each kind of reason. */
  type CodeGiven =
    /** No evidence for a check of an entry. */
    | "evidence-missing"
    /** The evidence says that the check failed. */
    | "evidence-failed"
    /** The evidence says that the check has not ended. */
    | "evidence-pending"
    /** A document cannot be read, so what it holds counts as missing. */
    | "evidence-malformed"
    /** The evidence is older than the policy allows. */
    | "evidence-stale"
    /** The evidence is dated in the future. */
    | "evidence-from-future"
    /** A record rests on a report that was not given. */
    | "report-missing"
    /** A record rests on a report that cannot be read. */
    | "report-malformed"
    /** A record rests on a report that shows a failure. */
    | "report-failed"
    /** A report that no record names; it counts for nothing. */
    | "report-unbound"
    /** A finding that is exempt. */
    | "finding-exempt"
    /** A finding inside its grace period. */
    | "finding-in-grace"
    /** A demand that somebody waived. */
    | "waived"
    /** A waiver that has ended. */
    | "waiver-expired"
    /** The promotion pull request lacks approvals. */
    | "approvals-missing"
    /** No tech lead approved a high-risk change. */
    | "tech-lead-missing"
    /** No member of the security team reviewed the change. */
    | "security-review-missing"
    /** Nothing proves that the same artifacts concluded in the pre-production environment. */
    | "staging-proof-missing"
    /** The inventory is a plain directory: nothing proves which promotion made it. */
    | "inventory-without-commit"
    /** The policy demands nothing of an entry: nothing is never a pass. */
    | "nothing-demanded";
  /** What a host asks for. */
  type CommandGiven =
    /** Say whether the change is ready. Nothing is recorded. */
    | {
      command: "assess";
      /** What is promoted. */
      promoted: Promoted;
    }
    /** Take the change as far as its deployment, which the caller performs. */
    | {
      command: "open";
      /** Say what would be done, and do nothing. */
      dry_run?: boolean;
      /** What is promoted. */
      promoted: Promoted;
      /** How long to wait for approval. */
      wait?: Patience | null;
    }
    /** Take the change as far as it can go, with the policy's commands. */
    | {
      command: "run";
      /** Say what would be done, and do nothing. */
      dry_run?: boolean;
      /** What is promoted. */
      promoted: Promoted;
      /** How steps ended that an earlier run began, where nobody recorded it. */
      reports?: Array<StepReport>;
      /** How long to wait for approval. */
      wait?: Patience | null;
    }
    /** Report what the caller did after `open`, and finish the change. */
    | {
      command: "close";
      /** What is promoted. */
      promoted: Promoted;
      /** How the caller's steps ended. */
      reports: Array<StepReport>;
    }
    /** Restore what an earlier change deployed (FR1). */
    | {
      /** Which attempt at the same change, counted from 1. */
      attempt?: number;
      /** The change request whose deployment is restored. */
      change_request_id: Name;
      command: "rollback";
      /** Say what would be done, and do nothing. */
      dry_run?: boolean;
      /** Whether the actor of the run declares an emergency. */
      emergency?: boolean;
      /** How the caller's steps ended, where the caller performs them; absent: the policy's commands are run. */
      reports?: Array<StepReport> | null;
      /** How long to wait for approval. */
      wait?: Patience | null;
    }
    /** Write down what a person decided on a change request of the ledger; other systems ask people themselves. */
    | {
      /** Whether they approve; if not, they reject. */
      approves: boolean;
      /** Who decides. */
      by: Person;
      command: "decide";
      /** The change request. */
      id: Name;
      /** Why. */
      why: string;
    }
    /** Take back what a person said about a change request of the ledger (GA6). */
    | {
      /** Who takes it back: who said it. */
      by: Person;
      command: "withdraw";
      /** The change request. */
      id: Name;
      /** Why. */
      why: string;
    }
    /** Make the change requests of a file by hand, those that are not there yet (CR5, EX5). */
    | {
      command: "prepare";
      /** The file. */
      document: Located;
      /** The change system. */
      system: System;
    }
    /** Show all changes, or one as its journal tells it. */
    | {
      command: "status";
      /** The change request; absent: all of them. */
      id?: Name | null;
    }
    /** Show what emergencies owe (EM4). */
    | {
      /** Show what was fulfilled as well. */
      all?: boolean;
      command: "obligations";
      /** Of this environment only. */
      environment?: Name | null;
      /** Of this region only. */
      region?: Name | null;
    }
    /** Write down that something that is owed was done (EM4). */
    | {
      /** Who did it. */
      by: Person;
      command: "fulfil";
      /** The change request. */
      id: Name;
      /** What else is to say. */
      note?: string | null;
      /** Which obligation. */
      obligation: Name;
      /** Where to look at what was done. */
      reference: string;
    }
    /** Prove that the records of the ledger hold together (AU7). */
    | {
      /** Who takes over the records of version 1; absent: nobody does. */
      adopt?: Person | null;
      command: "audit";
      /** Make registers again that are not what their chains come to. */
      rebuild?: boolean;
    }
    /** Show the changes that are not finished. */
    | {
      command: "sweep";
      /** End with 24 if one of them is older than this. */
      older_than_hours?: number | null;
    }
    /** Make evidence of what tools wrote (EV1). */
    | {
      /** What the check was about. */
      about: About;
      /** Which attempt of the run; a later one supersedes an earlier one (EV3). Counted from 1. */
      attempt?: number;
      /** The check, where the reports do not say it themselves. */
      check?: Check | null;
      command: "record";
      /** When it was made. Absent: now. */
      date?: Timestamp | null;
      /** Output to keep beside the record, for people. */
      log?: Located | null;
      /** How the check ended. Absent: what the report says. */
      outcome?: Stated | null;
      /** The policy, for what it collects. Default: `.countersign.yaml` in the place `reports`. */
      policy?: Located | null;
      /** The reports. None, and no outcome: what the policy collects (`evidence.collect`). */
      reports?: Array<Reports>;
      /** The run that made the reports. Absent: the run that built the entry, else `this_run`. */
      run?: Name | null;
      /** The run that asks. */
      this_run?: Name | null;
      /** The tool. Absent: what the report says, or its format. */
      tool?: Name | null;
    }
    /** Write an entry of the inventory: one deployable artifact (IN1). */
    | {
      /** The branch that gets it, made if it is missing. Absent: the file is written into the place `inventory`. */
      branch?: Name | null;
      command: "add";
      /** The entry. */
      entry: NewEntry;
      /** Whether the CI run failed. */
      failed?: boolean;
      /** What the inventory is. */
      inventory: InventoryKind;
      /** `skip-inventory-update-on-failure` as its user set it: empty or `0`, and a failed run adds an entry nevertheless (IN4). */
      skip_on_failure?: string | null;
    }
    /** Carry entries from one environment to the next. */
    | {
      command: "promote";
      /** The entries to promote. Empty: all that differ. */
      entries?: Array<string>;
      /** The branch, tag or commit that has the entries; of a folder, its name for people. */
      from: string;
      /** What the inventory is: a repository, or the folders at the places `from` and `to`. */
      inventory: InventoryKind;
      /** The commit's message. */
      message?: string | null;
      /** Whether entries are taken away that are no longer there. */
      prune?: boolean;
      /** The branch that gets them, made if it is missing; of a folder, its name for people. */
      to: string;
    }
    /** Show how two environments, two commits or two folders differ. */
    | {
      command: "delta";
      /** A branch, a tag or a commit; of a folder, its name for people. */
      from: string;
      /** What the inventory is: a repository, or the folders at the places `from` and `to`. */
      inventory: InventoryKind;
      /** A branch, a tag or a commit; of a folder, its name for people. */
      to: string;
    }
    /** Show which entries are not the same in several environments (IN6). */
    | {
      command: "reconcile";
      /** The environments' branches, lowest first. */
      environments: Array<Name>;
      /** What the inventory is. */
      inventory: InventoryKind;
    };
  /** How a command ended. */
  type CommandEnded =
    /** By itself. */
    | {
      /** Its exit code. */
      code: number;
      ended: "exited";
    }
    /** By a signal that the host did not send. */
    | {
      ended: "signalled";
      /** The signal's number. */
      signal: number;
    }
    /** By the host, when its time was over. */
    | {
      ended: "timed-out";
    }
    /** It never began. */
    | {
      ended: "not-started";
      /** Why. */
      message: string;
    }
    /** Nobody knows how. */
    | {
      ended: "unknown";
      /** Why. */
      message: string;
    };
  /** How this run drives the flow. It says who performs; it decides nothing. */
  type Drive = {
    /** Commands that the caller performs, and reports. The flow stops before them. */
    parked?: Array<Step>;
    /** What the caller reports of them. */
    reports?: Array<Ran>;
    /** Wait for approval until this time, looking again after each interval; absent: do not wait (GA1). */
    wait?: Waiting | null;
  };
  /** The name of an environment: at most 255 characters, none of them a control character. GitHub compares it without case. */
  type Environment = string;
  /** Something that happened. */
  type EventGiven =
    /** The change began. Always the first event. */
    | {
      /** Which attempt at the same change this is, counted from 1. */
      attempt: number;
      /** The inventory commit that is deployed. */
      commit?: Commit | null;
      /** The digest of what is deployed. */
      delta: Digest;
      /** The engine that decides. */
      engine: Engine;
      event: "opened";
      /** What its author wrote. */
      fields: Fields;
      /** Ids of everyone who had a part in the promotion: none of them can approve (PC2). */
      involved: Array<string>;
      /** The key that finds the change again (CR6). */
      key: Digest;
      /** The promotion pull request's number. */
      promotion: number;
      /** Where to look at it. */
      promotion_url?: string | null;
      /** The repository of the promotion pull request. */
      repository: string;
      /** The change request whose deployment this full rollback restores (FR3); absent: it is no full rollback. */
      restores?: Name | null;
      /** The run that opened it. */
      run: Run;
      /** The id of a change request that was made by hand (EX1); absent: one is filed. */
      supplied?: Name | null;
      /** Where. */
      target: Target;
      /** Its title. */
      title: string;
    }
    /** Another run took it up. */
    | {
      /** Whether that run was given the change request's id, and so took the fast path (EX2). */
      by_id?: boolean;
      event: "continued";
      /** That run. */
      run: Run;
    }
    /** Readiness was judged, before deployment. */
    | {
      /** What is to be attached: names and digests. */
      attachments: Record<string, Digest>;
      /** The category. */
      category: Category;
      event: "assessed";
      /** The digest of all that it rests on. */
      facts: Digest;
      /** The kind of the change request. */
      kind: Kind;
      /** Who applied the emergency label, if there is one and it was read (EM5). */
      labelled_by?: Person | null;
      /** The smallest set of evidence that would turn the verdict. */
      needed: Array<Needed>;
      /** Planned downtime, in minutes. */
      outage_minutes: number;
      /** The digest of the policy. */
      policy: Digest;
      /** DEPLOYMENT_READY. */
      ready: boolean;
      /** How many reasons there are. */
      reason_count: number;
      /** The first reasons, blocking ones first; at most `MAX_REASONS`. The Delta Summary holds all. */
      reasons: Array<ReasonGiven>;
      /** The risk, with its factors. */
      risk: Risk;
    }
    /** An effect is about to be performed. Its outcome is the next event, unless the host died. */
    | {
      /** The effect's key. */
      effect: string;
      event: "intended";
    }
    /** An effect could not be performed. */
    | {
      /** The effect's key. */
      effect: string;
      event: "failed";
      /** Why. */
      trouble: Trouble;
    }
    /** The change request was filed, not approved (CR4), or found again (CR6). */
    | {
      event: "filed";
      /** Its id. */
      id: Name;
      /** Where to look at it. */
      url?: string | null;
    }
    /** Something was attached, and read back. */
    | {
      /** The digest of its bytes. */
      digest: Digest;
      event: "attached";
      /** Its name. */
      name: string;
    }
    /** People were asked for approval. */
    | {
      event: "approval-requested";
    }
    /** The change request was read. */
    | {
      /** The change that it was filed for, or that used it first. Absent: none has, or the system does not say. */
      change?: Digest | null;
      /** Everyone's latest word. */
      decisions: Array<Decision>;
      event: "observed";
      /** Its id. */
      id: Name;
      /** From this on nothing is deployed under it, where it was planned by hand (CR5). */
      planned_end?: Timestamp | null;
      /** Before this nothing is deployed under it, where it was planned by hand (CR5). */
      planned_start?: Timestamp | null;
      /** Its state. */
      status: Status;
      /** Where it says that it deploys (EX3). Absent: it does not say. */
      target?: Target | null;
    }
    /** The change request was approved, and that was read back. */
    | (
      /** The evidence permits it, nothing is down, the risk is acceptable (CR3). */
      | {
        basis: "readiness";
      }
      /** People approved it. */
      | {
        /** Who. */
        approvers: Array<Person>;
        basis: "people";
      }
      /** It is an emergency, to be approved in retrospect (EM2). */
      | {
        basis: "emergency";
      }) & ({
      event: "approved";
    })
    /** An emergency was activated, and this is owed for it (EM4). */
    | {
      event: "obliged";
      /** What is owed. */
      obligations: Array<Obligation>;
    }
    /** Something that was owed was done (EM4). */
    | {
      /** By whom. */
      by: Person;
      /** The engine that wrote this down, which may be another than the one that decided the change. */
      engine: Engine;
      event: "fulfilled";
      /** What else is to say. */
      note?: string | null;
      /** Which obligation. */
      obligation: Name;
      /** Where to look at what was done: a link, a ticket, a digest. */
      reference: string;
    }
    /** Somebody was told, through a channel of the policy (PC9). */
    | {
      /** Through which channel. */
      channel: Name;
      event: "notified";
      /** Of what. */
      moment: Moment;
    }
    /** The approval is void: what it rested on changed (GA2). */
    | {
      event: "voided";
      /** What changed. */
      why: string;
    }
    /** The change request was rejected or cancelled. */
    | {
      event: "rejected";
      /** By whom, or how. */
      why: string;
    }
    /** Right before deployment everything was checked again (GA2). */
    | {
      /** What is deployed. */
      delta: Digest;
      event: "cleared";
      /** Under which policy. */
      policy: Digest;
    }
    /** The change request shows that it is being implemented. */
    | {
      event: "implementing";
    }
    /** A command of the user ended. */
    | {
      /** When it ended, if that is known. */
      ended?: Timestamp | null;
      event: "ran";
      /** Its exit code, if it had one. */
      exit_code?: number | null;
      /** Its output, by digest. */
      log?: Digest | null;
      /** What else is to say: a signal, a deadline, a program that was not found. */
      note?: string | null;
      /** When it began, if that is known. */
      started?: Timestamp | null;
      /** Which. */
      step: Step;
      /** Whether it succeeded. */
      success: boolean;
    }
    /** The work on the target is over. */
    | {
      /** How. */
      conclusion: Conclusion;
      event: "ended";
    }
    /** Readiness was judged again, at closing time (RD4). */
    | {
      /** What is to be attached: names and digests. */
      attachments: Record<string, Digest>;
      /** The category. */
      category: Category;
      event: "reassessed";
      /** The digest of all that it rests on. */
      facts: Digest;
      /** The kind of the change request. */
      kind: Kind;
      /** Who applied the emergency label, if there is one and it was read (EM5). */
      labelled_by?: Person | null;
      /** The smallest set of evidence that would turn the verdict. */
      needed: Array<Needed>;
      /** Planned downtime, in minutes. */
      outage_minutes: number;
      /** The digest of the policy. */
      policy: Digest;
      /** DEPLOYMENT_READY. */
      ready: boolean;
      /** How many reasons there are. */
      reason_count: number;
      /** The first reasons, blocking ones first; at most `MAX_REASONS`. The Delta Summary holds all. */
      reasons: Array<ReasonGiven>;
      /** The risk, with its factors. */
      risk: Risk;
    }
    /** The change request was closed. */
    | {
      /** As what. */
      category: Closure;
      event: "closed";
    }
    /** The change request was left open (CL3, RB2). */
    | {
      /** The category that is proposed or stated. */
      category: Closure;
      event: "left-open";
    }
    /** The pointer to the last concluded deployment was moved (CL5). */
    | {
      /** The digest of the file that lists everything that is deployed from now on. */
      deployed?: Digest | null;
      event: "concluded";
      /** The pointer's name. */
      pointer: string;
    }
    /** A line of this journal was stored, and another link of the target came first: this line stands for it in the chain. */
    | {
      event: "relinked";
      /** Which line. */
      of: number;
    }
    /** Time passed. */
    | {
      event: "waited";
      /** Until when. */
      until: Timestamp;
    };
  /** A place that holds evidence. */
  type Folder = {
    /** What people call it. */
    name: string;
    /** The place. */
    place: string;
  };
  /** What came of one request. */
  type HttpAnswer =
    /** The API answered, whole. */
    | {
      answer: "answered";
      /** The digest of its body, whose bytes were given to `put`. */
      body: Digest;
      /** Its headers by lower-case name. */
      headers?: Record<string, string>;
      /** The status. */
      status: number;
    }
    /** It did not answer, or its answer was lost. */
    | {
      answer: "broken";
      /** Why. */
      message: string;
    };
  /** What the inventory is. */
  type InventoryKind =
    /** The repository `inventory`, whose tags are in the repository `pointers`. */
    | "git"
    /** The place `inventory`. */
    | "folder";
  /** A file of a place. */
  type ListedFile = {
    /** Its path below the place, with `/` between folders. */
    path: string;
    /** Its size in bytes. */
    size: number;
  };
  /** A file of a place. */
  type Located = {
    /** The path below it. */
    path: string;
    /** The place. */
    place: string;
  };
  /** One commit of a log. */
  type Logged = {
    /** When it was committed. */
    at: Timestamp;
    /** The author's address. */
    author: string;
    /** The commit. */
    commit: Commit;
    /** The committer's address. */
    committer: string;
    /** Its parents. */
    parents: Array<Commit>;
    /** The first line of its message. */
    subject: string;
  };
  /** An entry of what is merged. */
  type MergeEntry = {
    /** Its bill of materials: CycloneDX. Absent, or unreadable: it is named as missing. */
    document?: Named | null;
    /** The entry. */
    name: Name;
    /** Its version. */
    version: Name;
  };
  /** What is asked of the plan. */
  type Mode =
    /** Take the next step. */
    | "act"
    /** Say what a whole run would do, and how it would end. Nothing is recorded. */
    | "preview"
    /** Say whether the change is ready. Nothing is recorded. */
    | "assess";
  /** A file, and the digest of its bytes. */
  type NamedFile = {
    /** The digest. */
    digest: Digest;
    /** Its path. */
    path: string;
  };
  /** An entry as CI names it. What is absent follows from the artifact. */
  type NewEntry = {
    /** What is deployed: an image as `<name>[:<tag>]@sha256:<digest>`. */
    artifact: string;
    /** The CI build. */
    build_number: number;
    /** The source commit. */
    commit_sha: Commit;
    /** The entry's name: its path in the inventory. */
    name: string;
    /** The CI run whose evidence counts for it (EV2). */
    pipeline_run_id: string;
    /** The full URL of the artifact. Absent: the artifact. */
    provenance?: string | null;
    /** Where the source is. */
    repository_url: string;
    /** The artifact's digest. Absent: what the artifact is pinned to. */
    sha256?: string | null;
    /** The artifact's signature. */
    signature?: string | null;
    /** `image`, `deployment`, `helm-chart`, `terraform`, or anything else. */
    type: string;
    /** The version. */
    version: string;
  };
  /** A bounded wait for approval (GA1). */
  type Patience = {
    /** Seconds between two looks. */
    interval_seconds: number;
    /** Seconds to wait at most. */
    seconds: number;
  };
  /** Where in GitHub. */
  type PlaceGiven = {
    /** Whose reviews of a protected environment are decisions on change requests as well. Absent: nobody's. */
    approvals?: Approvals | null;
    /** The branch that holds the records, for links to them. */
    records: Segment;
    /** The repository: `owner/name`. */
    repository: Repository;
    /** The run that asks: two runs never file the same issue. */
    run: Name;
    /** Where repositories are seen. Default `https://github.com`. */
    server?: string | null;
  };
  /** A place in a document. */
  type Place2 =
    /** A line and a column, both counted from 1; columns count bytes. */
    | {
      at: "line";
      /** The column; 0 means the whole line. */
      column: number;
      /** The line. */
      line: number;
    }
    /** A JSON Pointer (RFC 6901) into the parsed document. */
    | {
      at: "pointer";
      /** The pointer; empty is the whole document. */
      pointer: string;
    };
  /** What is promoted, and the change request that exists already, if one does. */
  type Promoted = {
    /** Which attempt at the same change, counted from 1. */
    attempt?: number;
    /** A change request that was made by hand; `notAvailable` says that there is none (EX1). */
    change_request_id?: string | null;
    /** The inventory commit to deploy. Absent: the tip of the environment's branch. */
    commit?: Commit | null;
    /** Whether entries that did not change are deployed again (IN2). */
    force_redeploy?: boolean;
    /** The number of a promotion that is not merged yet, to assess it (`assess`). */
    number?: number | null;
    /** The file of prepared change requests, from which the one of this target is taken. */
    prepared?: Located | null;
    /** The promotion pull request, as GitHub's API gives it. Absent: it is read from the change system. */
    promotion?: Located | null;
  };
  /** How a command of the user ended. */
  type Ran = {
    /** When it ended, if that is known. */
    ended?: Timestamp | null;
    /** Its exit code, if it had one. */
    exit_code?: number | null;
    /** Its output, by digest. */
    log?: Digest | null;
    /** What else is to say: a signal, a deadline, a program that was not found. */
    note?: string | null;
    /** When it began, if that is known. */
    started?: Timestamp | null;
    /** Which. */
    step: Step;
    /** Whether it succeeded. */
    success: boolean;
  };
  /** One reason why readiness is what it is (RD3). */
  type ReasonGiven = {
    /** Whether it makes the change not ready. A reason that does not block is listed all the same. */
    blocking: boolean;
    /** The check that it is about. */
    check?: Check | null;
    /** Its stable name. */
    code: CodeGiven;
    /** The inventory entry that it is about. */
    entry?: string | null;
    /** What would mend it. */
    help: string;
    /** What is wrong. */
    message: string;
    /** The rule that it comes from. */
    rule: string;
    /** The document that it rests on. */
    source?: SourceGiven | null;
  };
  /** Reports of one place. */
  type Reports = {
    /** The check that they are about. */
    check?: Check | null;
    /** A path below it, or a glob over such paths. */
    files: string;
    /** The place. */
    place: string;
  };
  /** `owner/name`, with no character that means something in a path. */
  type Repository = string;
  /** A request. */
  type Request =
    /** What this engine is. */
    | {
      call: "describe";
      /** The contract that the host speaks. */
      contract: string;
    }
    /** What one evidence document says. */
    | {
      call: "ingest";
      /** The contract that the host speaks. */
      contract: string;
      /** The document. */
      document: Named;
    }
    /** What is wrong with the text of a promotion pull request (PR4). */
    | {
      call: "lint";
      /** The contract that the host speaks. */
      contract: string;
      /** The pull request as JSON, or its text alone. */
      document: Named;
      /** Names of optional fields that are required. */
      required_fields?: Array<string>;
    }
    /** What a policy means for one environment. */
    | {
      call: "policy";
      /** The contract that the host speaks. */
      contract: string;
      /** The policy file; absent: the built-in policy. */
      document?: Named | null;
      /** The environment. */
      environment: Name;
      /** What it is for, where the policy does not declare it (PO6). */
      purpose?: Purpose | null;
    }
    /** What documents come to, for whoever has all of them at hand. Nothing is recorded. */
    | {
      call: "judge";
      /** The contract that the host speaks. */
      contract: string;
      /** The documents. */
      documents: Sources;
      /** Whether entries that did not change are deployed again (IN2). */
      force_redeploy?: boolean;
      /** The journals of other changes. */
      history?: Array<Named>;
      /** The host's clock. */
      now: Timestamp;
      /** The full rollback that is asked for (FR1); absent: an ordinary change. */
      rollback?: Rollback | null;
      /** Who asks. */
      run: Run;
      /** Where. */
      target: Target;
    }
    /** One bill of materials of several (AT2). */
    | {
      call: "merge";
      /** The contract that the host speaks. */
      contract: string;
      /** Its entries. */
      entries: Array<MergeEntry>;
      /** What is deployed as a whole. */
      name: Name;
      /** Its version. */
      version: Name;
    }
    /** Begin a command. Answered by `turn`. */
    | {
      call: "begin";
      /** What is asked for. */
      command: CommandGiven;
      /** The contract that the host speaks. */
      contract: string;
      /** The host's clock. */
      now: Timestamp;
      /** What the host is configured for; needed by commands about a change. */
      settings?: Settings | null;
    }
    /** Go on with the answer to the exchange of the last turn. Answered by `turn`. */
    | {
      call: "answer";
      /** The contract that the host speaks. */
      contract: string;
      /** The host's clock. */
      now: Timestamp;
      /** What the host did. */
      response: SessionResponse;
    }
    /** What must happen next to a change. */
    | {
      /** The answer to the effect that the last plan named. */
      answer?: Answer | null;
      /** Which attempt at the same change, counted from 1. */
      attempt?: number;
      call: "plan";
      /** A change request that was made by hand (EX1); absent: one is filed. */
      change_request_id?: Name | null;
      /** The contract that the host speaks. */
      contract: string;
      /** The documents. */
      documents: Sources;
      /** Who performs which commands. */
      drive?: Drive;
      /** Whether entries that did not change are deployed again (IN2). */
      force_redeploy?: boolean;
      /** The journals of all changes that the host knows of: what failed, what was proved, what is owed. Also for the
       * call that asks which journal is needed; whether this change's own is among them does not matter. */
      history?: Array<Named>;
      /** The journal; absent: the answer says only which journal is needed. */
      journal?: Named | null;
      /** What is asked. */
      mode?: Mode;
      /** The host's clock. */
      now: Timestamp;
      /** The full rollback that is asked for (FR1); absent: an ordinary change. */
      rollback?: Rollback | null;
      /** Who asks. */
      run: Run;
      /** The host's clock when this run began: what was read before is stale (GA3). */
      started: Timestamp;
      /** Where. */
      target: Target;
    }
    /** Where a change stands, from its journal alone. */
    | {
      call: "status";
      /** The contract that the host speaks. */
      contract: string;
      /** The journal. */
      journal: Named;
    };
  /** A full rollback (FR1). */
  type Rollback = {
    /** The change request whose deployment is restored: a concluded one of the same target. */
    change_request_id: Name;
    /** Whether the actor of the run declares an emergency, so that nobody is waited for. */
    emergency?: boolean;
  };
  /** A name of letters, digits, `.`, `_` and `-`. */
  type Segment = string;
  /** What the host did. */
  type SessionResponse =
    /** The files below the place, sorted by path. */
    | {
      /** The files. */
      files: Array<ListedFile>;
      /** Links, which are not followed. */
      links?: Array<string>;
      response: "listed";
    }
    /** The files; one that is not there is left out. */
    | {
      /** Paths, and the digests of the bytes that were given to `put`. */
      files: Array<NamedFile>;
      response: "files";
    }
    /** The file was written. */
    | {
      response: "written";
    }
    /** What the ref holds; both absent: there is no such ref. */
    | {
      /** The commit that it comes to. */
      commit?: Commit | null;
      /** The message of an annotated tag. */
      message?: string | null;
      /** The object itself, which may be a tag. */
      object?: string | null;
      response: "ref";
    }
    /** The tag was moved. */
    | {
      response: "moved";
    }
    /** All files of the commit, sorted by path. */
    | {
      /** The files. */
      files: Array<TreeFile>;
      response: "tree";
    }
    /** The objects. */
    | {
      /** Their ids, and the digests of the bytes that were given to `put`. */
      blobs: Array<Blob>;
      response: "blobs";
    }
    /** The commits, newest first. */
    | {
      /** The commits. */
      commits: Array<Logged>;
      response: "log";
    }
    /** Files of a store, or the paths of a listing. */
    | {
      /** The files that are there, with the digests of the bytes that were given to `put`. */
      files?: Array<NamedFile>;
      /** The paths below the prefix, sorted. */
      paths?: Array<string>;
      response: "ledger";
    }
    /** The files were written. */
    | {
      response: "committed";
    }
    /** Only other files moved, and kept moving: nothing was written. */
    | {
      response: "behind";
    }
    /** These files, or the ref, are not as expected; nothing was written. */
    | {
      /** The files. */
      paths?: Array<string>;
      response: "conflict";
    }
    /** Nobody knows whether it was done, or how much of it. */
    | {
      /** Why. */
      message: string;
      response: "unknown";
    }
    /** What came of each request, in their order. */
    | {
      /** The answers. */
      answers: Array<HttpAnswer>;
      response: "answered";
    }
    /** How the command ended. */
    | {
      /** How. */
      ended: CommandEnded;
      /** When it ended. */
      finished: Timestamp;
      /** The digest of its output without secrets, whose bytes were given to `put`. */
      log: Digest;
      response: "ran";
      /** When it began. */
      started: Timestamp;
    }
    /** The host was asked to stop while the command ran; the command was ended. */
    | {
      /** When it ended. */
      finished: Timestamp;
      /** The digest of its output so far. */
      log: Digest;
      response: "interrupted";
      /** When it began. */
      started: Timestamp;
    }
    /** It is time. */
    | {
      response: "waited";
    }
    /** It could not be done, and nothing was done. */
    | {
      /** Why. */
      message: string;
      response: "broken";
    }
    /** This host cannot do such a thing. */
    | {
      response: "unsupported";
    };
  /** What the host is configured for. */
  type Settings = {
    /** Whether attestations of the entries' artifacts are read from the change system (RD2). */
    attestations?: boolean;
    /** The inventory's branch. Default: the policy's, else the environment's name. */
    branch?: Name | null;
    /** The environment in words, where the policy does not say it. */
    detail?: Name | null;
    /** The environment. */
    environment: Name;
    /** The places that hold evidence, with their names for people. */
    evidence: Array<Folder>;
    /** An evidence-checks config in IBM's format. */
    evidence_checks?: Located | null;
    /** The ignore file, a path in the inventory. Default: the policy's. */
    ignore_file?: string | null;
    /** What the inventory is. */
    inventory: InventoryKind;
    /** Whether reviews of the entries' commits are read from the change system (RD2). */
    peer_review?: boolean;
    /** The policy. Default: `.countersign.yaml` in the inventory's root. */
    policy?: Located | null;
    /** Where promotions, reviews and attestations are read. Default: where the change requests are. */
    promotions?: PlaceGiven | null;
    /** What the environment is for, where the policy does not say it (PO6). */
    purpose?: Purpose | null;
    /** The region, where the environment has several. */
    region?: Name | null;
    /** The run that asks. */
    run: Run;
    /** The pre-production environment that proves the staging (PC4). Default: the policy's. */
    staging?: Name | null;
    /** The change system. */
    system: System;
  };
  /** The document that a reason rests on. */
  type SourceGiven = {
    /** The digest of its bytes. */
    digest: Digest;
    /** The document's name. */
    document: string;
    /** Where in the document, if that matters. */
    place?: Place2 | null;
    /** The tool that made the evidence, if it could be read. */
    tool?: string | null;
  };
  /** Everything that a change is judged by, as documents. */
  type Sources = {
    /** The inventory at the last concluded deployment of the target; absent: there was none (IN2). */
    concluded?: Tree | null;
    /** All evidence documents, in any order. */
    evidence?: Array<Named>;
    /** The evidence-checks config in IBM's format, which replaces the policy's requirements (PO2). */
    evidence_checks?: Named | null;
    /** The ignore file (IN3). */
    ignore_file?: Named | null;
    /** The inventory at the commit to deploy. */
    inventory: Tree;
    /** The policy, YAML; absent: the built-in one. */
    policy?: Named | null;
    /** The promotion pull request, as GitHub's API gives it. Absent only for a full rollback, which promotes nothing. */
    promotion?: Named | null;
    /** The inventory at the last concluded deployment of the pre-production environment (PC4). */
    staging?: Tree | null;
  };
  /** How a check ended, in the words of CI systems. Only `success` is success. */
  type Stated =
    /** It passed. */
    | "success"
    /** It did not. */
    | "failure"
    /** It has not ended. */
    | "pending"
    /** It was cancelled: recorded as a failure. */
    | "cancelled"
    /** It was skipped: recorded as a failure. */
    | "skipped";
  /** How a step of the caller ended. */
  type StepReport = {
    /** Its output; the host takes secrets out before it gives the file. */
    log?: Located | null;
    /** What else is to say, such as that it was cancelled. */
    note?: string | null;
    /** Which. */
    step: Step;
    /** Whether it succeeded. */
    success: boolean;
  };
  /** Which change system, as the host is configured. */
  type System =
    /** The embedded ledger: a directory or a git repository behind a store port. */
    | {
      system: "ledger";
    }
    /** GitHub: people see an issue and decide there; the record is a ledger on a branch of the same repository. */
    | {
      /** Whose reviews of a protected environment are decisions on change requests as well. Absent: nobody's. */
      approvals?: Approvals | null;
      /** The branch that holds the records, for links to them. */
      records: Segment;
      /** The repository: `owner/name`. */
      repository: Repository;
      /** The run that asks: two runs never file the same issue. */
      run: Name;
      /** Where repositories are seen. Default `https://github.com`. */
      server?: string | null;
      system: "github";
    };
  /** The files of an inventory at one commit. */
  type Tree = {
    /** The commit; a plain directory has none. */
    commit?: Commit | null;
    /** All files, by path. */
    files: Array<Named>;
  };
  /** A file of a commit. */
  type TreeFile = {
    /** Git's id of the object. */
    id: string;
    /** Its path. */
    path: string;
    /** Whether it is a regular file: links and submodules are not. */
    regular: boolean;
  };
  /** A bounded wait for approval. */
  type Waiting = {
    /** Seconds between two looks; at least 5. */
    interval_seconds: number;
    /** When the wait is over, and its end is a refusal. */
    until: Timestamp;
  };
  /** What to do. */
  type Action =
    /** File the change request, not approved; or find it again by its key. Answered by `filed`. For `connect`. */
    | {
      /** What the automation has to add, in a section of its own, as Markdown. */
      automation: string;
      /** The category. */
      category: Category;
      /** What an approval is about. */
      delta: Digest;
      effect: "file";
      /** What the author of the promotion wrote. */
      fields: Fields;
      /** What kind of change. */
      kind: Kind;
      /** How it is deployed and rolled back, for the record (PC8). */
      methods: Array<string>;
      /** Planned downtime, in minutes. */
      outage_minutes: number;
      /** The pipeline's name. */
      pipeline?: Name | null;
      /** The pipeline's version. */
      pipeline_version?: Name | null;
      /** When it is planned to have ended. */
      planned_end: Timestamp;
      /** When the deployment is planned to begin. */
      planned_start: Timestamp;
      /** Under which policy. */
      policy: Digest;
      /** DEPLOYMENT_READY. */
      ready: boolean;
      /** The change request whose deployment a full rollback restores (FR3). */
      restores?: Name | null;
      /** The risk. */
      risk: RiskLevel;
      /** The id that a system which lets us choose gives it. */
      suggested_id: Name;
      /** Where. */
      target: Target;
      /** One line: what is deployed where. */
      title: string;
      /** The change requests of the pre-production environment, or `NA`. */
      validation_record: string;
    }
    /** Attach a blob, and read it back. Answered by `attached`. For `connect`. */
    | {
      /** The digest of its bytes, which `take` gives. */
      digest: Digest;
      effect: "attach";
      /** The change request. */
      id: Name;
      /** Its media type. */
      media_type: string;
      /** The attachment's name. */
      name: string;
    }
    /** Approve the change request because the evidence permits it. Answered by `approved`. For `connect`. */
    | {
      /** The delta that is approved. */
      delta: Digest;
      effect: "approve";
      /** The change request. */
      id: Name;
      /** The policy that permits it. */
      policy: Digest;
    }
    /** Ask people for approval. Answered by `approval-requested`. For `connect`. */
    | {
      /** What an approval is about. */
      delta: Digest;
      effect: "request-approval";
      /** The change request. */
      id: Name;
      /** The kind of the change request, which may have changed since it was filed (EM2). */
      kind: Kind;
      /** Under which policy. */
      policy: Digest;
      /** Why it is not approved automatically. */
      why: Array<string>;
    }
    /** Read the change request, whole. Answered by `observed`. For `connect`. */
    | {
      effect: "read";
      /** The change request. */
      id: Name;
    }
    /** Show that the change is being implemented. Answered by `implementing`. For `connect`. */
    | {
      effect: "implement";
      /** The change request. */
      id: Name;
    }
    /** Run a command of the user, once. Answered by `ran`. For the host. */
    | {
      /** The command; absent: the policy names none, and the caller reports. */
      command: Command | null;
      effect: "run";
      /** Environment variables for it. */
      environment: Array<Variable>;
      /** Which. */
      step: Step;
    }
    /** Close the change request. Answered by `closed`. For `connect`. */
    | {
      /** As what. */
      category: Closure;
      effect: "close";
      /** The change request. */
      id: Name;
      /** For people. */
      notes: string;
    }
    /** Leave the change request open, with a category. Answered by `left-open`. For `connect`. */
    | {
      /** The category. */
      category: Closure;
      effect: "leave-open";
      /** The change request. */
      id: Name;
      /** For people. */
      notes: string;
    }
    /** Move the pointer to the last concluded deployment. Answered by `concluded`. For the host. */
    | {
      /** The commit that it points to from now on; absent for a plain directory. */
      commit: Commit | null;
      effect: "conclude";
      /** The pointer's name. */
      pointer: string;
    }
    /** Tell somebody, and go on whatever comes of it (PC9). Answered by `notified`, or by `failed`. For the host. */
    | {
      /** The digest of the body to post, which `take` gives: JSON. */
      body: Digest;
      /** Through which channel of the policy; where that leads is the host's to know. */
      channel: Name;
      effect: "notify";
      /** Of what. */
      moment: Moment;
    }
    /** Let time pass. Answered by `waited`. For the host. */
    | {
      effect: "wait";
      /** Until when. */
      until: Timestamp;
      /** Why. */
      why: string;
    };
  /** What readiness was, at one time, and everything that follows from it (RD3). */
  type Assessment = {
    /** What is to be attached: names and digests. */
    attachments: Record<string, Digest>;
    /** The category. */
    category: Category;
    /** The digest of all that it rests on. */
    facts: Digest;
    /** The kind of the change request. */
    kind: Kind;
    /** Who applied the emergency label, if there is one and it was read (EM5). */
    labelled_by?: Person | null;
    /** The smallest set of evidence that would turn the verdict. */
    needed: Array<Needed>;
    /** Planned downtime, in minutes. */
    outage_minutes: number;
    /** The digest of the policy. */
    policy: Digest;
    /** DEPLOYMENT_READY. */
    ready: boolean;
    /** How many reasons there are. */
    reason_count: number;
    /** The first reasons, blocking ones first; at most `MAX_REASONS`. The Delta Summary holds all. */
    reasons: Array<Reason>;
    /** The risk, with its factors. */
    risk: Risk;
  };
  /** Something that can be tested. Evidence binds to an inventory entry through its asset ids (EV2). */
  type Asset = {
    /** An image's digest; the SHA-256 of a commit's hex text; for anything else, the SHA-256 of its URI's text. */
    id: Digest;
    /** Where the asset is, if its producer said so. */
    uri?: string | null;
  };
  /** Bytes kept beside evidence, named by their digest. */
  type Attachment = {
    /** The SHA-256 of its bytes. */
    digest: Digest;
    /** The file's name, for people. */
    name: string;
  };
  /** The chain of a target. */
  type Audited = {
    /** The digest of the last. */
    head: Digest | null;
    /** The target's key in paths. */
    key: string;
    /** How many links there are. */
    links: number;
    /** Whether its records hold together, in words. */
    records: string;
    /** The target. */
    target: Target;
  };
  /** What a bill of materials is about. */
  type BomSummary = {
    /** How many components it lists, nested ones included. At least one. */
    components: number;
    /** The format and its version, such as `CycloneDX 1.6`. */
    format: string;
  };
  /** The category of a change (PC1). A higher one demands more. */
  type Category =
    /** A pre-approved, low-risk pattern. */
    | "standard"
    /** Most changes. */
    | "normal"
    /** Schema, infrastructure, architecture. */
    | "high-risk";
  /** The kind of test, scan or review that evidence is about, such as `unit-tests`.
   * 
   * Names of IBM's evidence types are folded into ours, so that both spellings are one check. */
  type Check = string;
  /** How a change request ends (CL2, RB2). */
  type Closure =
    /** Ready, deployed, tested. */
    | "successful"
    /** Deployed and tested, but not ready at closing time. */
    | "successful_issues"
    /** Not deployed for good. */
    | "unsuccessful"
    /** Given up before the deployment. */
    | "cancelled";
  /** A stable name for each kind of failure. */
  type Code =
    /** The request is not one of the contract. */
    | "bad-request"
    /** The request speaks another contract. */
    | "other-contract"
    /** The request names a document whose bytes were not given. */
    | "unknown-document"
    /** A document or a count is over a published limit. */
    | "over-limit"
    /** The policy cannot be read. */
    | "policy"
    /** The promotion pull request cannot be read, or lacks a required field (PR4). */
    | "promotion"
    /** The pull request is not the one that made what is deployed (IN5). */
    | "wrong-promotion"
    /** The change request cannot be rolled back to (FR2). */
    | "rollback"
    /** What was prepared by hand cannot be read (EX5). */
    | "prepared"
    /** What is said to be done is not owed, or does not count (EM4). */
    | "obligation"
    /** An inventory entry cannot be read. */
    | "inventory"
    /** A report cannot be recorded as evidence (EV1). */
    | "evidence"
    /** The journal is damaged, or was begun by another engine. */
    | "journal"
    /** The answer or the response does not fit. */
    | "bad-answer"
    /** What has to be read cannot be reached. */
    | "unavailable"
    /** Something was written, and reads otherwise, or somebody else wrote in between. */
    | "write-not-taken"
    /** Another run works on the same change. */
    | "held"
    /** The engine has a defect. */
    | "internal";
  /** A stable name for each kind of reason. */
  type Code2 =
    /** No evidence for a check of an entry. */
    | "evidence-missing"
    /** The evidence says that the check failed. */
    | "evidence-failed"
    /** The evidence says that the check has not ended. */
    | "evidence-pending"
    /** A document cannot be read, so what it holds counts as missing. */
    | "evidence-malformed"
    /** The evidence is older than the policy allows. */
    | "evidence-stale"
    /** The evidence is dated in the future. */
    | "evidence-from-future"
    /** A record rests on a report that was not given. */
    | "report-missing"
    /** A record rests on a report that cannot be read. */
    | "report-malformed"
    /** A record rests on a report that shows a failure. */
    | "report-failed"
    /** A report that no record names; it counts for nothing. */
    | "report-unbound"
    /** A finding that is exempt. */
    | "finding-exempt"
    /** A finding inside its grace period. */
    | "finding-in-grace"
    /** A demand that somebody waived. */
    | "waived"
    /** A waiver that has ended. */
    | "waiver-expired"
    /** The promotion pull request lacks approvals. */
    | "approvals-missing"
    /** No tech lead approved a high-risk change. */
    | "tech-lead-missing"
    /** No member of the security team reviewed the change. */
    | "security-review-missing"
    /** Nothing proves that the same artifacts concluded in the pre-production environment. */
    | "staging-proof-missing"
    /** The inventory is a plain directory: nothing proves which promotion made it. */
    | "inventory-without-commit"
    /** The policy demands nothing of an entry: nothing is never a pass. */
    | "nothing-demanded";
  /** A command of the user: an argument vector, never a shell string (T60). */
  type Command = {
    /** Variables of the host that it gets, by name; it gets no others. Default: none. */
    pass?: Array<string>;
    /** The program and its arguments. */
    run: Array<string>;
    /** Seconds until it counts as failed and is ended. Default 1800. */
    "timeout-seconds": number;
  };
  type Commit = string;
  /** How the work on the target ended (RB4). */
  type Conclusion =
    /** Deployed and tested. */
    | "succeeded"
    /** Deployed; the policy has no acceptance tests, and says why (CL4). */
    | "succeeded-untested"
    /** Failed, and not rolled back. */
    | "failed"
    /** Failed, and rolled back. */
    | "rolled-back"
    /** Failed, and the rollback failed too. */
    | "rollback-failed";
  /** What customers notice (PR1). */
  type CustomerImpact =
    /** All of them, badly. */
    | "critical"
    /** Many of them. */
    | "high"
    /** Some of them. */
    | "moderate"
    /** A few, slightly. */
    | "low"
    /** Nobody notices. */
    | "no_impact";
  /** One person's word on a change request, as its system keeps it. */
  type Decision = {
    /** Whether they approve; if not, they reject. */
    approves: boolean;
    /** When. With `environment` nobody tells: then the last time before which it cannot have been. */
    at: Timestamp;
    /** Who. */
    by: Person;
    /** Which change they decided on (EX3). Absent: the system does not say. */
    change?: Digest | null;
    /** What they approved: the delta (GA2). Absent: the system does not say. */
    delta?: Digest | null;
    /** The protected environment whose review this was. Absent: it was said on the request itself. */
    environment?: string | null;
    /** Under which policy. Absent: the system does not say. */
    policy?: Digest | null;
    /** Why. */
    why?: string | null;
    /** Whether they take back what they said before: then they neither approve nor reject (GA6). */
    withdraws?: boolean;
  };
  /** What is deployed. */
  type DeltaSummary = {
    /** Entries, and how they differ. */
    entries: Record<string, Difference>;
    /** Entries that are hidden, and by what. */
    hidden: Record<string, string>;
    /** Entries that are gone. */
    removed: Array<string>;
  };
  /** How much the deployment itself disturbs (PR1). */
  type DeploymentImpact =
    /** Little. */
    | "small"
    /** Much. */
    | "large";
  /** What this engine is. */
  type Description = {
    /** The contract that it speaks. */
    contract: string;
    /** Its version and sources. */
    engine: Engine;
    /** Its limits, by name. */
    limits: Record<string, number>;
    /** The exit code of each outcome. */
    outcomes: Record<string, number>;
  };
  /** How an entry differs from the last concluded deployment. */
  type Difference =
    /** It was not deployed before. */
    | "added"
    /** Another version was deployed before. */
    | "changed"
    /** It is deployed as it was; only a forced redeployment has such entries in its delta. */
    | "unchanged";
  /** How one entry differs between two environments, or two commits. */
  type Differing =
    /** The second side alone has it. */
    | "added"
    /** Both have it, in other versions. */
    | "changed"
    /** The first side alone has it. */
    | "removed";
  /** An entry that differs between two sides, and its versions there. */
  type Differs = {
    /** How. */
    change: Differing;
    /** The entry. */
    entry: string;
    /** Its version on the first side, if it has it. */
    from?: string | null;
    /** Its version on the second side, if it has it. */
    to?: string | null;
  };
  type Digest = string;
  /** What is owed after an emergency (EM4). */
  type Duty =
    /** Somebody who had no part in the change reviews and approves it in retrospect. */
    | "review"
    /** A check that was not met is met under standard conditions. */
    | "evidence-gap"
    /** The root cause is found and written down. */
    | "root-cause"
    /** A retrospective is held. */
    | "retrospective"
    /** Lower environments get what the emergency deployed. */
    | "reconciliation";
  /** One thing to do. */
  type Effect = {
    /** What to do. */
    action: Action;
    /** The change that it belongs to (CR6). */
    change: Digest;
    /** Its key: the same effect of the same change has the same key for ever. */
    key: string;
  };
  type Email = string;
  /** The emergency flow (EM1..EM5). */
  type Emergency = {
    /** Ids of those who may apply it. Empty: whoever can label (EM5). */
    appliers: Array<Name>;
    /** The label, compared without ASCII case, otherwise exactly (PR6). Default `EMERGENCY`. */
    label: string;
    /** Whether overdue obligations block the next ordinary change on the target. Default false. */
    "overdue-blocks": boolean;
    /** Hours until lower environments are reconciled. Default 72. */
    "reconciliation-hours": number;
    /** Hours until accepted evidence gaps are to be mended. Default 168. */
    "remediation-hours": number;
    /** Hours until the retrospective is due. Default 24. */
    "retrospective-hours": number;
    /** Hours until the retroactive review and approval is due. Default 24. */
    "review-hours": number;
    /** Hours until the root cause analysis is due. Default 168. */
    "root-cause-hours": number;
  };
  /** How a run of the flow ended, for hosts: they show the words and exit with the code. */
  type End = {
    /** Details, one a line. */
    details?: Array<string>;
    /** The exit code. */
    exit_code: number;
    /** What to do about it; absent if nothing is to be done. */
    help?: string | null;
    /** What is the case: one sentence, lower case, no full stop. */
    message: string;
    /** How it ended. */
    outcome: Outcome2;
    /** Whether the deployment may begin, or has ended well. */
    verdict: Verdict;
  };
  /** What a command came to, for hosts: they show the words, and exit with the code. */
  type Ended = (
    /** A decision, and the change request as it shows itself now. */
    | {
      /** Who decided. */
      by: Person;
      /** The change request. */
      change_request_id: Name;
      /** Its state now. */
      status: Status;
    }
    /** Change requests that were made by hand. */
    | {
      /** The change requests, in the order of the file. */
      requests: Array<PreparedRequest>;
    }
    /** Changes, in the order of their ids. */
    | {
      /** The changes. */
      changes: Array<Listed>;
    }
    /** One change, as its journal tells it. */
    | {
      /** All lines of the journal. */
      entries: Array<Entry>;
      /** The digest of the journal's last line. */
      journal_head: Digest;
      /** Where it stands. */
      standing: Surveyed;
    }
    /** Whether the records of a ledger hold together. */
    | {
      /** How many attachments are as they were attached. */
      attached: number;
      /** How many changes there are. */
      changes: number;
      /** The targets. */
      targets: Array<Audited>;
    }
    /** What is owed, by due time. */
    | {
      /** Each of them. */
      obligations: Array<OwedBy>;
    }
    /** Something that was owed was done. */
    | {
      /** By whom. */
      by: Person;
      /** The change request. */
      change_request_id: Name;
      /** Which obligation. */
      obligation: Name;
    }
    /** Changes that are not finished. */
    | {
      /** The changes, the oldest first. */
      unfinished: Array<Surveyed>;
    }
    /** What tools wrote, as evidence. */
    | {
      /** The records, in the order of the reports. */
      records: Array<Recorded>;
    }
    /** An entry of the inventory. */
    | {
      /** Whether it was written. */
      added: boolean;
      /** The commit that has it, where one was made. */
      commit?: Commit | null;
      /** The entry. */
      entry: string;
    }
    /** How two sides of an inventory differ. */
    | {
      /** The differences, by entry. */
      differences: Array<Differs>;
    }
    /** Entries that were carried from one environment to the next. */
    | {
      /** The commit, where one was made. */
      commit?: Commit | null;
      /** From where. */
      from: string;
      /** The entries: how each differed from what was there. */
      promoted: Array<Differs>;
      /** To where. */
      to: string;
    }
    /** How the inventories of environments differ. */
    | {
      /** Entries that are not the same everywhere, by name: for each environment in turn the version, or nothing. */
      differing: Record<string, Array<Version | null>>;
      /** The environments, lowest first. */
      environments: Array<Name>;
      /** How many entries are the same everywhere. */
      same: number;
    }
    | {}) & ({
    /** What was recorded about readiness last. */
    assessment?: Assessment | null;
    /** What is attached. */
    attachments?: Record<string, Digest>;
    /** The change request, or the id that it would have. */
    change_request_id?: Name;
    /** The commit of the inventory. */
    commit?: Commit | null;
    /** What is deployed. */
    delta?: DeltaSummary;
    /** Details, one a line. */
    details?: Array<string>;
    /** Everything that is wrong with what was given, where something is. */
    errors?: Array<Fault>;
    /** The exit code. */
    exit_code: number;
    /** The folder of the change in the ledger. */
    folder?: string | null;
    /** What to do about it. */
    help?: string | null;
    /** The digest of the journal's last line. */
    journal_head?: Digest | null;
    /** What was found about readiness now (`assess`, a dry run). */
    judgement?: Judgement | null;
    /** What is the case: one sentence, lower case, no full stop. */
    message: string;
    /** What the change owes (EM4), and owed. */
    obligations?: Array<Owed>;
    /** How it ended, as a name: an outcome, or `refused`. */
    outcome: string;
    /** Which policy applied. */
    policy?: string;
    /** Its state. */
    state?: string;
    /** The same as a table, for people. */
    table?: Table | null;
    /** Where people see the change request, where its system has pages. */
    url?: string | null;
    /** Whether the deployment may begin, or has ended well. */
    verdict: Verdict;
    /** What a whole run would do (a dry run). */
    would?: Array<Effect>;
  });
  /** Which engine decides (AU2). A journal is continued by no other. */
  type Engine = {
    /** The digest of its sources. */
    source_digest: Digest;
    /** The version of the engine. */
    version: string;
  };
  /** One line. */
  type Entry = {
    /** When it was recorded. */
    at: Timestamp;
    /** What happened. */
    event: Event;
    /** Its place in the chain of its target; absent: it is no link. */
    link?: Link | null;
    /** The SHA-256 of the line before, with its line end; of no bytes for the first. */
    prev: Digest;
    /** Counted from 1. */
    seq: number;
  };
  /** Something that happened. */
  type Event =
    /** The change began. Always the first event. */
    | {
      /** Which attempt at the same change this is, counted from 1. */
      attempt: number;
      /** The inventory commit that is deployed. */
      commit?: Commit | null;
      /** The digest of what is deployed. */
      delta: Digest;
      /** The engine that decides. */
      engine: Engine;
      event: "opened";
      /** What its author wrote. */
      fields: Fields;
      /** Ids of everyone who had a part in the promotion: none of them can approve (PC2). */
      involved: Array<string>;
      /** The key that finds the change again (CR6). */
      key: Digest;
      /** The promotion pull request's number. */
      promotion: number;
      /** Where to look at it. */
      promotion_url?: string | null;
      /** The repository of the promotion pull request. */
      repository: string;
      /** The change request whose deployment this full rollback restores (FR3); absent: it is no full rollback. */
      restores?: Name | null;
      /** The run that opened it. */
      run: Run;
      /** The id of a change request that was made by hand (EX1); absent: one is filed. */
      supplied?: Name | null;
      /** Where. */
      target: Target;
      /** Its title. */
      title: string;
    }
    /** Another run took it up. */
    | {
      /** Whether that run was given the change request's id, and so took the fast path (EX2). */
      by_id?: boolean;
      event: "continued";
      /** That run. */
      run: Run;
    }
    /** Readiness was judged, before deployment. */
    | {
      /** What is to be attached: names and digests. */
      attachments: Record<string, Digest>;
      /** The category. */
      category: Category;
      event: "assessed";
      /** The digest of all that it rests on. */
      facts: Digest;
      /** The kind of the change request. */
      kind: Kind;
      /** Who applied the emergency label, if there is one and it was read (EM5). */
      labelled_by?: Person | null;
      /** The smallest set of evidence that would turn the verdict. */
      needed: Array<Needed>;
      /** Planned downtime, in minutes. */
      outage_minutes: number;
      /** The digest of the policy. */
      policy: Digest;
      /** DEPLOYMENT_READY. */
      ready: boolean;
      /** How many reasons there are. */
      reason_count: number;
      /** The first reasons, blocking ones first; at most `MAX_REASONS`. The Delta Summary holds all. */
      reasons: Array<Reason>;
      /** The risk, with its factors. */
      risk: Risk;
    }
    /** An effect is about to be performed. Its outcome is the next event, unless the host died. */
    | {
      /** The effect's key. */
      effect: string;
      event: "intended";
    }
    /** An effect could not be performed. */
    | {
      /** The effect's key. */
      effect: string;
      event: "failed";
      /** Why. */
      trouble: Trouble;
    }
    /** The change request was filed, not approved (CR4), or found again (CR6). */
    | {
      event: "filed";
      /** Its id. */
      id: Name;
      /** Where to look at it. */
      url?: string | null;
    }
    /** Something was attached, and read back. */
    | {
      /** The digest of its bytes. */
      digest: Digest;
      event: "attached";
      /** Its name. */
      name: string;
    }
    /** People were asked for approval. */
    | {
      event: "approval-requested";
    }
    /** The change request was read. */
    | {
      /** The change that it was filed for, or that used it first. Absent: none has, or the system does not say. */
      change?: Digest | null;
      /** Everyone's latest word. */
      decisions: Array<Decision>;
      event: "observed";
      /** Its id. */
      id: Name;
      /** From this on nothing is deployed under it, where it was planned by hand (CR5). */
      planned_end?: Timestamp | null;
      /** Before this nothing is deployed under it, where it was planned by hand (CR5). */
      planned_start?: Timestamp | null;
      /** Its state. */
      status: Status;
      /** Where it says that it deploys (EX3). Absent: it does not say. */
      target?: Target | null;
    }
    /** The change request was approved, and that was read back. */
    | (
      /** The evidence permits it, nothing is down, the risk is acceptable (CR3). */
      | {
        basis: "readiness";
      }
      /** People approved it. */
      | {
        /** Who. */
        approvers: Array<Person>;
        basis: "people";
      }
      /** It is an emergency, to be approved in retrospect (EM2). */
      | {
        basis: "emergency";
      }) & ({
      event: "approved";
    })
    /** An emergency was activated, and this is owed for it (EM4). */
    | {
      event: "obliged";
      /** What is owed. */
      obligations: Array<Obligation>;
    }
    /** Something that was owed was done (EM4). */
    | {
      /** By whom. */
      by: Person;
      /** The engine that wrote this down, which may be another than the one that decided the change. */
      engine: Engine;
      event: "fulfilled";
      /** What else is to say. */
      note?: string | null;
      /** Which obligation. */
      obligation: Name;
      /** Where to look at what was done: a link, a ticket, a digest. */
      reference: string;
    }
    /** Somebody was told, through a channel of the policy (PC9). */
    | {
      /** Through which channel. */
      channel: Name;
      event: "notified";
      /** Of what. */
      moment: Moment;
    }
    /** The approval is void: what it rested on changed (GA2). */
    | {
      event: "voided";
      /** What changed. */
      why: string;
    }
    /** The change request was rejected or cancelled. */
    | {
      event: "rejected";
      /** By whom, or how. */
      why: string;
    }
    /** Right before deployment everything was checked again (GA2). */
    | {
      /** What is deployed. */
      delta: Digest;
      event: "cleared";
      /** Under which policy. */
      policy: Digest;
    }
    /** The change request shows that it is being implemented. */
    | {
      event: "implementing";
    }
    /** A command of the user ended. */
    | {
      /** When it ended, if that is known. */
      ended?: Timestamp | null;
      event: "ran";
      /** Its exit code, if it had one. */
      exit_code?: number | null;
      /** Its output, by digest. */
      log?: Digest | null;
      /** What else is to say: a signal, a deadline, a program that was not found. */
      note?: string | null;
      /** When it began, if that is known. */
      started?: Timestamp | null;
      /** Which. */
      step: Step;
      /** Whether it succeeded. */
      success: boolean;
    }
    /** The work on the target is over. */
    | {
      /** How. */
      conclusion: Conclusion;
      event: "ended";
    }
    /** Readiness was judged again, at closing time (RD4). */
    | {
      /** What is to be attached: names and digests. */
      attachments: Record<string, Digest>;
      /** The category. */
      category: Category;
      event: "reassessed";
      /** The digest of all that it rests on. */
      facts: Digest;
      /** The kind of the change request. */
      kind: Kind;
      /** Who applied the emergency label, if there is one and it was read (EM5). */
      labelled_by?: Person | null;
      /** The smallest set of evidence that would turn the verdict. */
      needed: Array<Needed>;
      /** Planned downtime, in minutes. */
      outage_minutes: number;
      /** The digest of the policy. */
      policy: Digest;
      /** DEPLOYMENT_READY. */
      ready: boolean;
      /** How many reasons there are. */
      reason_count: number;
      /** The first reasons, blocking ones first; at most `MAX_REASONS`. The Delta Summary holds all. */
      reasons: Array<Reason>;
      /** The risk, with its factors. */
      risk: Risk;
    }
    /** The change request was closed. */
    | {
      /** As what. */
      category: Closure;
      event: "closed";
    }
    /** The change request was left open (CL3, RB2). */
    | {
      /** The category that is proposed or stated. */
      category: Closure;
      event: "left-open";
    }
    /** The pointer to the last concluded deployment was moved (CL5). */
    | {
      /** The digest of the file that lists everything that is deployed from now on. */
      deployed?: Digest | null;
      event: "concluded";
      /** The pointer's name. */
      pointer: string;
    }
    /** A line of this journal was stored, and another link of the target came first: this line stands for it in the chain. */
    | {
      event: "relinked";
      /** Which line. */
      of: number;
    }
    /** Time passed. */
    | {
      event: "waited";
      /** Until when. */
      until: Timestamp;
    };
  /** One thing that makes a change more or less risky. */
  type Factor = {
    /** What it is. */
    factor: string;
    /** The level that this yields. */
    level: RiskLevel;
    /** What was found. */
    value: string;
  };
  /** One thing that is wrong. */
  type Fault = {
    /** Its stable name. */
    code: Code;
    /** The document that it is about. */
    document?: string | null;
    /** How to mend it. */
    help: string;
    /** What is wrong. */
    message: string;
    /** Where in the document or the request. */
    place?: Place | null;
  };
  /** What the author wrote into the template, parsed (PR1, PR2). Free texts are trimmed; an empty one is absent. */
  type Fields = {
    /** Who the change request is assigned to. */
    assignee: Email;
    /** How to back out of it. */
    backout_plan?: string | null;
    /** Why the business wants it. */
    business_justification?: string | null;
    /** What customers notice. */
    customer_impact: CustomerImpact;
    /** The risk as its author sees it, which can only raise the computed one (PR2). */
    declared_risk?: RiskLevel | null;
    /** How much the deployment disturbs. */
    deployment_impact: DeploymentImpact;
    /** What the change is. */
    description?: string | null;
    /** What its impact is, in words. */
    impact?: string | null;
    /** How soon. */
    priority: Priority;
    /** What it is for. */
    purpose?: string | null;
    /** What it means for security. */
    security_considerations?: string | null;
    /** How it was tested. */
    testing_performed?: string | null;
  };
  /** How an obligation was fulfilled. */
  type Fulfilment = {
    /** By whom. */
    by: Person;
    /** The engine that wrote this down, which may be another than the one that decided the change. */
    engine: Engine;
    /** What else is to say. */
    note?: string | null;
    /** Which obligation. */
    obligation: Name;
    /** Where to look at what was done: a link, a ticket, a digest. */
    reference: string;
  };
  /** Whole days after first being found in which a finding of each severity may stand (EV7). */
  type GraceDays = {
    /** Default 30. */
    critical: number;
    /** Default 30. */
    high: number;
    /** Default 180. */
    informational: number;
    /** Default 180. */
    low: number;
    /** Default 90. */
    medium: number;
  };
  /** A journal: where to take it, and what it ends with. */
  type Head = {
    /** The digest of its bytes, which `take` gives. */
    digest: Digest;
    /** How many lines it has. */
    entries: number;
    /** The digest of its last line. */
    head: Digest;
  };
  /** One request to an API. */
  type HttpRequest = {
    /** The digest of the body: JSON. */
    body?: Digest | null;
    /** Headers beside the host's own. */
    headers?: Record<string, string>;
    /** The method. */
    method: Method;
    /** The path below the base URL, with its query. */
    path: string;
  };
  /** What one evidence document says. */
  type Ingested = {
    /** The bill of materials. */
    bom?: BomSummary | null;
    /** The document. */
    document: Named;
    /** The format that was recognised. */
    format?: string | null;
    /** Why it cannot be read. */
    problem?: Problem | null;
    /** The records in it. */
    records?: Array<RecordSummary>;
    /** Findings by severity, exempt ones apart. */
    scan?: ScanSummary | null;
    /** Test cases passed, failed, skipped. */
    tests?: Tests | null;
  };
  /** What the documents come to. */
  type Judged = {
    /** What a run would end with, as far as readiness goes. */
    end: End;
    /** The judgement. */
    judgement: Judgement;
    /** The change's key (CR6). */
    key: Digest;
  };
  /** What the judgement found. */
  type Judgement = {
    /** The category. */
    category: Category;
    /** What is deployed. */
    delta: DeltaSummary;
    /** How many demands on entries there are, and how many are met. */
    demands: number;
    /** The kind of the change request. */
    kind: Kind;
    /** Demands that are met. */
    met: number;
    /** The smallest set of evidence that would turn the verdict. */
    needed: Array<Needed>;
    /** DEPLOYMENT_READY. */
    ready: boolean;
    /** All reasons, blocking ones first. */
    reasons: Array<Reason>;
    /** The risk. */
    risk: Risk;
  };
  /** How the evidence of one check is judged. */
  type Judgement2 = {
    /** The least severity that fails a scan. Absent: `high`. */
    "fail-on": Severity | null;
    /** Evidence older than this many hours counts as missing (EV6). Absent: it does not age. */
    "max-age-hours": number | null;
  };
  /** What kind of change request (CR2). */
  type Kind =
    /** An ordinary change. */
    | "standard"
    /** A change with the emergency label (EM1). */
    | "emergency";
  /** How loud a line is. */
  type Level =
    /** What happens. */
    | "info"
    /** Something is wrong, and changes nothing. */
    | "warning";
  /** How much a requirement weighs (PO2). */
  type Level2 =
    /** Failure, pending and missing block. */
    | "required"
    /** Failure blocks. */
    | "required-if-present"
    /** Anything but success warns. */
    | "recommended";
  /** The place of a line in the chain of its target. */
  type Link = {
    /** Its number, counted from 1. */
    number: number;
    /** The digest of the link before, in whatever journal that is; of no bytes for the first. */
    prev: Digest;
  };
  /** A change in one line. */
  type Listed = {
    /** The path of its journal or record. */
    path: string;
    /** What is wrong with its journal. */
    problem?: Problem | null;
    /** Where it stands; absent: its journal does not verify, or it has none yet. */
    standing?: Surveyed | null;
  };
  /** What a policy means for one environment: all defaults filled in. */
  type Meaning = {
    /** The branch of the inventory. */
    branch: Name;
    /** How single checks are judged. */
    checks: Record<string, Judgement2>;
    /** In words, for the change request. */
    detail: Name;
    /** The emergency flow. */
    emergency: Emergency;
    /** The environment. */
    environment: Name;
    /** Grace periods of findings (EV7). */
    grace_days: GraceDays;
    /** What it is for. */
    purpose: Purpose;
    /** Its regions. */
    regions?: Array<Name>;
    /** Optional fields of the template that are required (PR2). */
    required_fields: Array<string>;
    /** The demands on evidence (PO2, PO3). */
    requirements: Array<Requirement>;
    /** Risk (RK). */
    risk: RiskPolicy;
    /** The pre-production environment that proves the staging (PC4). */
    staging?: Name | null;
    /** Waivers (PO5). */
    waivers: Array<Waiver>;
  };
  /** One bill of materials. */
  type Merged = {
    /** How many components it lists, the entries among them. */
    components: number;
    /** The digest of its bytes, which `take` gives: CycloneDX 1.6. */
    digest: Digest;
    /** The entries without a readable bill of materials. */
    missing: Array<string>;
  };
  /** A method of HTTP. */
  type Method =
    /** Reads. */
    | "GET"
    /** Makes something new: doing it twice makes two. */
    | "POST"
    /** Replaces something. */
    | "PUT"
    /** Changes something. */
    | "PATCH"
    /** Takes something away. */
    | "DELETE";
  /** What people are told of (PC9). */
  type Moment =
    /** The change request was filed. */
    | "filed"
    /** It waits for approval. */
    | "held"
    /** An emergency is deployed without approval. */
    | "emergency"
    /** The deployment failed, and was not rolled back. */
    | "failed"
    /** The deployment failed, and a rollback ran, well or not. */
    | "rolled-back"
    /** The change is finished. */
    | "closed";
  type Name = string;
  /** A document: its name for people, the digest of its bytes. */
  type Named = {
    /** The digest of its bytes, which were given to `put`. */
    digest: Digest;
    /** Its name, such as its path. */
    name: string;
  };
  /** One record of evidence that is needed; it may cover all of its entries. */
  type Needed = {
    /** The check that must succeed. */
    check: Check;
    /** The entries whose artifact or commit the evidence must name. */
    entries: Array<string>;
    /** The tool, where a certain one must. */
    tool?: string | null;
  };
  /** One thing that is owed after an emergency: by whom, until when. */
  type Obligation = {
    /** Until when. */
    due: Timestamp;
    /** Of what kind it is. */
    duty: Duty;
    /** Its name within the change, such as `review` or `gap-unit-tests`. */
    id: Name;
    /** Who answers for it. */
    owner: Email;
    /** What is to be done. */
    what: string;
  };
  /** How a check ended. The worst comes first: the worst outcome of a check speaks for it (EV3). */
  type Outcome =
    /** The check found what it must not find, or did not pass. */
    | "failure"
    /** The check has not ended. */
    | "pending"
    /** The check passed. */
    | "success";
  /** How it ended. The names are what hosts show; the codes are theirs to exit with. */
  type Outcome2 =
    /** Deployed, tested, and the record is finished. */
    | "done"
    /** The delta is empty (IN2). */
    | "nothing-to-deploy"
    /** The change is ready (a dry run). */
    | "ready"
    /** The gate is open; the caller deploys. */
    | "cleared"
    /** The caller has to say how its commands ended. */
    | "report-needed"
    /** The change request is not approved (GA1). */
    | "awaiting-approval"
    /** The change is not ready (a dry run). */
    | "not-ready"
    /** The change request was rejected or cancelled. */
    | "rejected"
    /** Nobody approved in time (GA1). */
    | "approval-timed-out"
    /** Deployments are not allowed now (PC6). */
    | "outside-window"
    /** The approval is stale, or not independent (GA2, PC2). */
    | "approval-void"
    /** The deployment or a test failed; nothing was rolled back (RB2). */
    | "deployment-failed"
    /** The deployment or a test failed; it was rolled back (RB3). */
    | "rolled-back"
    /** The deployment or a test failed, and so did the rollback (RB4). */
    | "rollback-failed"
    /** Nobody knows how a command of the user ended (RB4). */
    | "outcome-unknown"
    /** Deployed, but the record is not finished. */
    | "closing-unfinished"
    /** The change system does not answer. */
    | "unavailable"
    /** A write did not take (CR8). */
    | "write-not-taken"
    /** Another run works on the same change. */
    | "held"
    /** A journal, the ledger or a replay does not verify. */
    | "not-verified"
    /** The change request is for another target, and the policy forbids to use it (EX3). */
    | "target-mismatch"
    /** The change was deployed before, and something else since. */
    | "attempt-needed"
    /** What an emergency owes is overdue, and the policy lets nothing else be deployed (EM4). */
    | "obligations-overdue";
  /** Something that is owed, or was. */
  type Owed = {
    /** Until when. */
    due: Timestamp;
    /** Of what kind it is. */
    duty: Duty;
    /** When it was fulfilled. */
    fulfilled_at?: Timestamp | null;
    /** How. */
    fulfilment?: Fulfilment | null;
    /** Its name within the change, such as `review` or `gap-unit-tests`. */
    id: Name;
    /** Whether it is not fulfilled, and its time is over. */
    overdue: boolean;
    /** Who answers for it. */
    owner: Email;
    /** What is to be done. */
    what: string;
  };
  /** Something that is owed, and for which change. */
  type OwedBy = {
    /** The change request. */
    change_request_id: Name | null;
    /** Until when. */
    due: Timestamp;
    /** Of what kind it is. */
    duty: Duty;
    /** When it was fulfilled. */
    fulfilled_at?: Timestamp | null;
    /** How. */
    fulfilment?: Fulfilment | null;
    /** Its name within the change, such as `review` or `gap-unit-tests`. */
    id: Name;
    /** Whether it is not fulfilled, and its time is over. */
    overdue: boolean;
    /** Who answers for it. */
    owner: Email;
    /** Where it deployed. */
    target: Target | null;
    /** What is to be done. */
    what: string;
  };
  /** A person or machine, by immutable id; the login is for people to read (T25). */
  type Person = {
    /** The id that never changes, such as GitHub's numeric user id. */
    id: string;
    /** The name that people use. */
    login: string;
  };
  /** A place in a document. */
  type Place =
    /** A line and a column, both counted from 1; columns count bytes. */
    | {
      at: "line";
      /** The column; 0 means the whole line. */
      column: number;
      /** The line. */
      line: number;
    }
    /** A JSON Pointer (RFC 6901) into the parsed document. */
    | {
      at: "pointer";
      /** The pointer; empty is the whole document. */
      pointer: string;
    };
  /** What must happen next. */
  type PlanResponse = {
    /** Its new lines. */
    appended?: Array<Entry>;
    /** What is deployed; with the end of a run. */
    delta?: DeltaSummary | null;
    /** What to do next. */
    effect?: Effect | null;
    /** How it ended; absent while there is an effect. */
    end?: End | null;
    /** The change request's id, or the one that it will have where the system lets us choose. */
    id: Name;
    /** The journal to make durable before anything else; absent if nothing is recorded. */
    journal?: Head | null;
    /** What the judgement found (preview, assess). */
    judgement?: Judgement | null;
    /** The change's key. */
    key: Digest;
    /** The state (CR7). */
    state: string;
    /** What a whole run would do (preview). */
    would?: Array<Effect>;
  };
  /** A change request that was made by hand, and its state. */
  type PreparedRequest = {
    /** Its id: the same for the same target, title and plan, so that it is made once. */
    id: Name;
    /** Planned downtime, in minutes. */
    outage_minutes?: number | null;
    /** When it is planned to have ended. */
    planned_end?: Timestamp | null;
    /** When it is planned to begin. */
    planned_start?: Timestamp | null;
    /** Its state. */
    status: Status;
    /** Where. */
    target: Target;
    /** In one line, what it is for. */
    title: string;
  };
  /** How soon the change is wanted (PR1). */
  type Priority =
    /** Drop everything. */
    | "critical"
    /** Before other work. */
    | "high"
    /** In its turn. */
    | "moderate"
    /** When there is time. */
    | "low"
    /** Not yet urgent. */
    | "planning";
  /** One thing that is wrong with one document. Bad evidence is a value, not an exception (EV5).
   * 
   * Messages are lower case, without full stop, the user's own text in backticks. */
  type Problem = {
    /** How to mend it. */
    help: string;
    /** What is wrong. */
    message: string;
    /** Where, if a place is known. */
    place?: Place | null;
  };
  /** What an environment is for (PR1). Any non-production environment is `pre_prod`. */
  type Purpose =
    /** Customers use it. */
    | "production"
    /** They do not. */
    | "pre_prod";
  /** One file to write. */
  type Put = {
    /** The digest of the new bytes; absent: the file is removed. */
    content?: Digest | null;
    /** The digest of the bytes that must be there now; absent: there must be no such file. */
    expected?: Digest | null;
    /** Its path. */
    path: string;
  };
  /** One reason why readiness is what it is (RD3). */
  type Reason = {
    /** Whether it makes the change not ready. A reason that does not block is listed all the same. */
    blocking: boolean;
    /** The check that it is about. */
    check?: Check | null;
    /** Its stable name. */
    code: Code2;
    /** The inventory entry that it is about. */
    entry?: string | null;
    /** What would mend it. */
    help: string;
    /** What is wrong. */
    message: string;
    /** The rule that it comes from. */
    rule: string;
    /** The document that it rests on. */
    source?: Source | null;
  };
  /** One record of a document. */
  type RecordSummary = {
    /** The assets. */
    assets: Array<Asset>;
    /** The check. */
    check: Check;
    /** The date. */
    date: Timestamp;
    /** The recorded outcome. */
    outcome: Outcome;
    /** The reports that it rests on. */
    reports?: Array<Attachment>;
    /** The run, as its CI system writes it. */
    run?: string | null;
    /** Who signed it, where the engine verified a signature. */
    signer?: Signer | null;
    /** The tool. */
    tool: string;
  };
  /** A record of evidence that was written. */
  type Recorded = {
    /** The check. */
    check: Check;
    /** How the check ended. */
    outcome: Outcome;
    /** The path of the record, below the folder of evidence. */
    record: string;
    /** The path of the report's copy beside it. */
    report?: string | null;
    /** The tool. */
    tool: string;
  };
  /** One demand on the evidence of each entry in the delta, normalised from any of the ways to write it. */
  type Requirement = {
    /** Which check. */
    check: Check;
    /** Why it is demanded, in the policy's words. */
    description: string | null;
    /** How much it weighs. */
    level: Level2;
    /** Which entries it is about. */
    scope: Scope;
    /** When it is judged. */
    stage: Stage;
    /** By which tool; absent: by any. */
    tool: string | null;
  };
  /** A response. */
  type Response =
    /** What a command does next. */
    | {
      /** What the command came to. */
      end?: Ended | null;
      /** What the host is to do, and to answer. */
      exchange?: SessionExchange | null;
      /** Lines for people and machines since the last turn. */
      told?: Array<Told>;
      type: "turn";
    }
    /** What this engine is. */
    | {
      /** The contract that it speaks. */
      contract: string;
      /** Its version and sources. */
      engine: Engine;
      /** Its limits, by name. */
      limits: Record<string, number>;
      /** The exit code of each outcome. */
      outcomes: Record<string, number>;
      type: "description";
    }
    /** What a document says. */
    | {
      /** The bill of materials. */
      bom?: BomSummary | null;
      /** The document. */
      document: Named;
      /** The format that was recognised. */
      format?: string | null;
      /** Why it cannot be read. */
      problem?: Problem | null;
      /** The records in it. */
      records?: Array<RecordSummary>;
      /** Findings by severity, exempt ones apart. */
      scan?: ScanSummary | null;
      /** Test cases passed, failed, skipped. */
      tests?: Tests | null;
      type: "ingested";
    }
    /** What a policy means for one environment. */
    | {
      /** The branch of the inventory. */
      branch: Name;
      /** How single checks are judged. */
      checks: Record<string, Judgement2>;
      /** In words, for the change request. */
      detail: Name;
      /** The emergency flow. */
      emergency: Emergency;
      /** The environment. */
      environment: Name;
      /** Grace periods of findings (EV7). */
      grace_days: GraceDays;
      /** What it is for. */
      purpose: Purpose;
      /** Its regions. */
      regions?: Array<Name>;
      /** Optional fields of the template that are required (PR2). */
      required_fields: Array<string>;
      /** The demands on evidence (PO2, PO3). */
      requirements: Array<Requirement>;
      /** Risk (RK). */
      risk: RiskPolicy;
      /** The pre-production environment that proves the staging (PC4). */
      staging?: Name | null;
      type: "policy";
      /** Waivers (PO5). */
      waivers: Array<Waiver>;
    }
    /** What documents come to. */
    | {
      /** What a run would end with, as far as readiness goes. */
      end: End;
      /** The judgement. */
      judgement: Judgement;
      /** The change's key (CR6). */
      key: Digest;
      type: "judged";
    }
    /** One bill of materials. */
    | {
      /** How many components it lists, the entries among them. */
      components: number;
      /** The digest of its bytes, which `take` gives: CycloneDX 1.6. */
      digest: Digest;
      /** The entries without a readable bill of materials. */
      missing: Array<string>;
      type: "merged";
    }
    /** What is wrong with a promotion text. */
    | {
      /** Its fields, if nothing is wrong. */
      fields: Fields | null;
      /** Everything that is wrong. */
      problems: Array<Problem>;
      type: "lint";
    }
    /** Which journal is needed. */
    | {
      /** The id under which a system that lets us choose keeps its change request. */
      id: Name;
      /** The name of the journal beside that change request: one that was made by hand may serve several changes. */
      journal: string;
      /** The change's key (CR6). */
      key: Digest;
      type: "recall";
    }
    /** What must happen next. */
    | {
      /** Its new lines. */
      appended?: Array<Entry>;
      /** What is deployed; with the end of a run. */
      delta?: DeltaSummary | null;
      /** What to do next. */
      effect?: Effect | null;
      /** How it ended; absent while there is an effect. */
      end?: End | null;
      /** The change request's id, or the one that it will have where the system lets us choose. */
      id: Name;
      /** The journal to make durable before anything else; absent if nothing is recorded. */
      journal?: Head | null;
      /** What the judgement found (preview, assess). */
      judgement?: Judgement | null;
      /** The change's key. */
      key: Digest;
      /** The state (CR7). */
      state: string;
      type: "plan";
      /** What a whole run would do (preview). */
      would?: Array<Effect>;
    }
    /** Where a change stands. */
    | {
      /** The inventory commit that is deployed. */
      commit: Commit | null;
      /** All lines. */
      entries: Array<Entry>;
      /** The digest of the last line. */
      head: Digest;
      /** The change request's id, once there is one. */
      id: Name | null;
      /** The key, once the change was opened. */
      key: Digest | null;
      /** An effect that was begun and whose outcome is not known. */
      pending: string | null;
      /** The state. */
      state: string;
      /** Where. */
      target: Target | null;
      type: "status";
    }
    /** Nothing can be decided. */
    | {
      /** What is wrong. At least one. */
      errors: Array<Fault>;
      /** The exit code of a host: 2, or 1 for a defect, or 40 for a journal that does not verify. */
      exit_code: number;
      type: "failure";
    };
  /** The risk of a change, with every factor (RK1). */
  type Risk = {
    /** All factors. */
    factors: Array<Factor>;
    /** The highest level of all factors. */
    level: RiskLevel;
    /** The highest level that is approved automatically (RK2). */
    limit: RiskLevel;
  };
  /** A level of risk (RK1). Risks are compared: the highest wins. */
  type RiskLevel =
    /** Little can go wrong. */
    | "low"
    /** Something can go wrong. Templates may call it `medium`. */
    | "moderate"
    /** Much can go wrong, or nobody knows. */
    | "high";
  /** What is acceptable, and what raises the risk (RK1, RK2). */
  type RiskPolicy = {
    /** A delta of more entries than this is a moderate risk. Absent: size does not matter. */
    "delta-entries": number | null;
    /** The highest risk that is approved automatically. Default `moderate`. */
    limit: RiskLevel;
    /** An unsuccessful change on the same target within this many days is a moderate risk. Absent: the past is past. */
    "unsuccessful-within-days": number | null;
  };
  /** The run of the pipeline that asks. */
  type Run = {
    /** Who triggered it (PC2). */
    actor?: Person | null;
    /** The run's id in its CI system. */
    id: Name;
    /** The pipeline's name (CR2). */
    pipeline?: Name | null;
    /** The pipeline's version (CR2). */
    pipeline_version?: Name | null;
    /** Where to look at it. */
    url?: string | null;
  };
  /** What a scanner found. */
  type ScanSummary = {
    /** Findings that are exempt. */
    exempt: number;
    /** Findings that stand, by severity. */
    findings: Record<string, number>;
    /** The scanner. */
    tool: string;
  };
  /** Which entries a requirement is about. */
  type Scope =
    /** Every entry. */
    | "every"
    /** Entries that are infrastructure (PO3). */
    | "infrastructure"
    /** Entries whose artifact is an image. */
    | "images";
  /** What the host is asked to do next. */
  type SessionExchange =
    /** List the files below a place; links are named and not followed. Answered by `listed`. */
    | {
      exchange: "list";
      /** The place. */
      place: string;
    }
    /** Read files of a place, at most 8 MiB in all where that is possible. Answered by `files`. */
    | {
      exchange: "read";
      /** Paths below it. */
      paths: Array<string>;
      /** The place. */
      place: string;
    }
    /** Write a file below a place, whole or not at all. Answered by `written`. */
    | {
      /** The digest of the new bytes. */
      content: Digest;
      exchange: "write";
      /** The path below it. */
      path: string;
      /** The place. */
      place: string;
    }
    /** Look up a ref. Answered by `ref`. */
    | {
      exchange: "ref";
      /** The full name, such as `refs/heads/prod` or `refs/tags/prod_latest`; or a commit's id. */
      name: string;
      /** The repository. */
      repository: string;
    }
    /** Move a tag by compare-and-set; the tag is annotated. Answered by `moved`, `conflict` or `unknown`. */
    | {
      exchange: "move";
      /** The object that the ref holds now; absent: there must be no such ref. */
      from?: string | null;
      /** The tag's message. */
      message: string;
      /** The full name of the tag. */
      name: string;
      /** The repository. */
      repository: string;
      /** The commit that it names from now on. */
      to: Commit;
    }
    /** List all files of a commit. Answered by `tree`. */
    | {
      /** The commit. */
      commit: Commit;
      exchange: "tree";
      /** The repository. */
      repository: string;
    }
    /** Read objects. Answered by `blobs`. */
    | {
      exchange: "blobs";
      /** The ids that `tree` named. */
      ids: Array<string>;
      /** The repository. */
      repository: string;
    }
    /** List the commits that `to` has and `from` does not, newest first. Answered by `log`. */
    | {
      exchange: "log";
      /** Leave out what this commit has; absent: nothing is left out. */
      from?: Commit | null;
      /** The repository. */
      repository: string;
      /** Begin with this commit. */
      to: Commit;
    }
    /** Read files of a store at its tip, or list the paths below a prefix. Answered by `ledger`. */
    | {
      exchange: "ledger";
      /** The files to read; one that is not there is left out of the answer. */
      paths?: Array<string>;
      /** List the paths that begin with this instead. */
      prefix?: string | null;
      /** The store. */
      store: string;
    }
    /** Write files of a store if each is as expected, in this order where they cannot be written at once. Answered by
     * `committed`, `behind`, `conflict` or `unknown`. */
    | {
      exchange: "commit";
      /** What it is about, for people. */
      message: string;
      /** The files. */
      puts: Array<Put>;
      /** The store. */
      store: string;
    }
    /** Send requests to a system's API, each once: several reads, possibly at the same time, or one write. The host adds
     * base URL, credentials and user agent, follows no redirect, and gives up after 30 seconds. Answered by `answered`. */
    | {
      exchange: "http";
      /** The requests. */
      requests: Array<HttpRequest>;
      /** The system: `github`, or `webhook/<channel>`. */
      system: string;
    }
    /** Run one of the user's commands, once, with an environment of its own. Answered by `ran` or `interrupted`. */
    | {
      /** The program and its arguments; no shell reads them. */
      argv: Array<string>;
      exchange: "run";
      /** Variables of the host that it gets as well, by name. */
      pass: Array<string>;
      /** Variables that it gets. */
      set: Record<string, string>;
      /** Which step it is. */
      step: Step;
      /** Seconds until it is ended. */
      timeout_seconds: number;
    }
    /** Sleep. Answered by `waited`, not before it is time. */
    | {
      exchange: "wait";
      /** Until when. */
      until: Timestamp;
      /** Why, for people. */
      why: string;
    };
  /** How bad a finding is. The worst comes first. */
  type Severity =
    /** CVSS 9.0 and above. */
    | "critical"
    /** CVSS 7.0 to 8.9; a SARIF `error`. */
    | "high"
    /** CVSS 4.0 to 6.9; a SARIF `warning`. */
    | "medium"
    /** CVSS 0.1 to 3.9; a SARIF `note`. */
    | "low"
    /** Of interest only; a SARIF level of `none`. */
    | "informational";
  /** Who signed evidence, as its certificate says (EV8). It counts only for what this signer may speak for (RD2). */
  type Signer = {
    /** The commit that was built. */
    commit: Commit;
    /** The repository that was built. */
    repository: string;
    /** The workflow that signed, with the ref that it was taken from. */
    workflow: string;
  };
  /** The document that a reason rests on. */
  type Source = {
    /** The digest of its bytes. */
    digest: Digest;
    /** The document's name. */
    document: string;
    /** Where in the document, if that matters. */
    place?: Place | null;
    /** The tool that made the evidence, if it could be read. */
    tool?: string | null;
  };
  /** When a requirement is judged (PO2). */
  type Stage =
    /** Before the change request is filed. */
    | "pre-deployment"
    /** When it is closed. */
    | "post-deployment";
  /** Where a change stands, from its journal alone. */
  type Standing = {
    /** The inventory commit that is deployed. */
    commit: Commit | null;
    /** All lines. */
    entries: Array<Entry>;
    /** The digest of the last line. */
    head: Digest;
    /** The change request's id, once there is one. */
    id: Name | null;
    /** The key, once the change was opened. */
    key: Digest | null;
    /** An effect that was begun and whose outcome is not known. */
    pending: string | null;
    /** The state. */
    state: string;
    /** Where. */
    target: Target | null;
  };
  /** The state that a change system shows (CR7). */
  type Status =
    /** Filed. */
    | "new"
    /** Being looked at. */
    | "assess"
    /** Waiting for approval. */
    | "authorize"
    /** Approved. */
    | "scheduled"
    /** Being deployed. */
    | "implement"
    /** Deployed, being reviewed. */
    | "review"
    /** Finished. */
    | "closed"
    /** Given up, or rejected. */
    | "canceled";
  /** Which of the user's commands. */
  type Step =
    /** The deployment. */
    | "deploy"
    /** The acceptance tests. */
    | "accept"
    /** One check of the verification. */
    | "verify"
    /** The rollback. */
    | "rollback";
  /** Where one change stands. */
  type Surveyed = {
    /** When it began. */
    began: Timestamp | null;
    /** The category, once it was closed or left open. */
    category: Closure | null;
    /** Whether nothing is left to do for a run of the flow. */
    finished: boolean;
    /** The change request's id, once there is one. */
    id: Name | null;
    /** The journal that says so. */
    journal: string;
    /** The kind, once it was assessed. */
    kind: Kind | null;
    /** When something happened last. */
    last: Timestamp | null;
    /** Whether the change request was left open for people to finish (CL3, RB2). */
    left_open: boolean;
    /** What is owed, and what was. */
    obligations: Array<Owed>;
    /** An effect that was begun and whose outcome is not known. */
    pending: string | null;
    /** The state. */
    state: string;
    /** Where. */
    target: Target | null;
  };
  /** A table for people. Hosts lay it out. */
  type Table = {
    /** The names of the columns. */
    columns: Array<string>;
    /** The rows, each with a cell for each column. */
    rows: Array<Array<string>>;
  };
  /** Where a change is deployed (CR1). */
  type Target = {
    /** The environment in words (PR1). */
    detail: Name;
    /** The environment: the inventory branch. */
    environment: Name;
    /** What the environment is for (PR1). */
    purpose: Purpose;
    /** The region, where an environment has several. */
    region?: Name | null;
  };
  /** The test cases of one file, counted by ourselves (T39). At least one case ran. */
  type Tests = {
    /** Cases with a failure or an error. */
    failed: number;
    /** Names of the first failed cases, at most ten. */
    first_failed: Array<string>;
    /** Cases without failure or error. */
    passed: number;
    /** Cases that did not run. */
    skipped: number;
  };
  type Timestamp = string;
  /** One line for people and machines, while a command runs. */
  type Told = {
    /** The name of the journal's event that it is about. */
    event?: string | null;
    /** How loud it is. */
    level: Level;
    /** What it says. */
    words: string;
  };
  /** Why an effect could not be performed. */
  type Trouble = {
    /** A stable name: `unavailable`, `write-not-taken`, `conflict`, `forbidden`, `not-found`, `malformed-answer`. */
    code: string;
    /** How to mend it. */
    help?: string | null;
    /** What is wrong. */
    message: string;
  };
  /** What a command does next: it asks the host for one exchange, or it has ended. */
  type TurnResponse = {
    /** What the command came to. */
    end?: Ended | null;
    /** What the host is to do, and to answer. */
    exchange?: SessionExchange | null;
    /** Lines for people and machines since the last turn. */
    told?: Array<Told>;
  };
  /** An environment variable. */
  type Variable = {
    /** Its name. */
    name: string;
    /** Its value. */
    value: string;
  };
  /** Whether the deployment may begin, for hosts that deploy themselves. */
  type Verdict =
    /** It may begin, or it has ended well. */
    | "proceed"
    /** Not now: somebody or something is waited for. */
    | "hold"
    /** No. */
    | "halt";
  /** Which version of an entry an environment has (IN6). */
  type Version = {
    /** The source commit. */
    commit: Commit;
    /** The digest of the artifact. */
    sha256?: Digest | null;
    /** The version. */
    version: string;
  };
  /** Somebody's word that one demand need not be met for a time (PO5). */
  type Waiver = {
    /** The check that is waived. */
    check: Check;
    /** The entries that it is waived for, as a glob over entry names. */
    entries: string;
    /** When it ends. */
    expires: Timestamp;
    /** Who answers for it. */
    owner: Email;
    /** Why. */
    reason: string;
  };
}
