/** The engine's module beside the bundle; the bundler sets it. */
declare const COUNTERSIGN_MODULE: string | undefined

/** Bytes of a module, as the engine's types call them. */
declare type BufferSource = ArrayBufferView | ArrayBuffer
