import { code, type Rule } from './source-file.js'

// Names that say nothing: whatever is in there has a noun of its own.
const anywhere = new Set(['util', 'utils', 'helper', 'helpers', 'manager', 'common', 'misc'])
const alone = new Set(['types'])

/** Files and folders whose name, or one word of it, says nothing. */
export const emptyNames: Rule = (files) => {
  const bad = code(files).flatMap(({ path }) => {
    const wrong = path.split('/').find((segment) => {
      const name = segment.replace(/(\.test|\.d)?\.\w+$/, '')
      return alone.has(name) || name.split(/[-._]/).some((word) => anywhere.has(word))
    })
    return wrong === undefined ? [] : [`${path}:1 '${wrong}' says nothing: name it after the noun it holds`]
  })
  return bad
}
