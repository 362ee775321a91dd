// @ts-check
/**
 * Secrets, taken out of a log whatever their disguise.
 */

/** What stands in a secret's place. */
const REDACTED = Buffer.from('***')
/** A line of a longer secret is a secret of its own from this many characters. */
const LINE_MIN = 8
/** A shorter secret is looked for only as it is. */
const DISGUISED_MIN = 4

/**
 * Every form in which these secrets may stand in a log, longest first.
 * @param {string[]} values
 * @returns {Buffer[]}
 */
export function secrets(values) {
  const whole = values.flatMap((value) => [value, value.trim()]).filter((value) => value !== '')
  const lines = whole.flatMap((value) => value.split(/\r?\n/)).filter((line) => line.length >= LINE_MIN)
  const forms = new Set([...whole, ...lines].flatMap(disguises))
  return [...forms].map((form) => Buffer.from(form)).sort((a, b) => b.length - a.length)
}

/** @param {string} secret */
function disguises(secret) {
  if (secret.length < DISGUISED_MIN) return [secret]
  const bytes = Buffer.from(secret)
  const json = JSON.stringify(secret).slice(1, -1)
  return [secret, json, encodeURIComponent(secret), bytes.toString('hex'), bytes.toString('hex').toUpperCase(), ...base64(bytes)]
}

/**
 * Inside a longer text base64 begins at one of three alignments; the characters at the edges depend on the neighbours.
 * @param {Buffer} bytes
 */
function base64(bytes) {
  return [0, 1, 2].flatMap((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64').replace(/=+$/, '')
    const sure = text.slice([0, 2, 3][shift], (shift + bytes.length) % 3 === 0 ? undefined : -1)
    return sure.length < DISGUISED_MIN ? [] : [sure, sure.replaceAll('+', '-').replaceAll('/', '_')]
  })
}

/**
 * @param {Buffer} bytes
 * @param {Buffer[]} forms
 * @returns {Buffer}
 */
export function without(bytes, forms) {
  return forms.reduce((rest, form) => replaced(rest, form), bytes)
}

/**
 * @param {Buffer} bytes
 * @param {Buffer} form
 */
function replaced(bytes, form) {
  /** @type {Buffer[]} */ const parts = []
  let from = 0
  for (let at = bytes.indexOf(form); at !== -1; at = bytes.indexOf(form, from)) {
    parts.push(bytes.subarray(from, at), REDACTED)
    from = at + form.length
  }
  return parts.length === 0 ? bytes : Buffer.concat([...parts, bytes.subarray(from)])
}
