import { at, code, parse, type Rule, visit } from './source-file.js'

/** The type `any`, and comments that switch the compiler off. A test may expect an error when it says which. */
export const anyAndIgnore: Rule = (files) =>
  code(files)
    .filter(({ path }) => path.endsWith('.ts'))
    .flatMap((file) => {
      const found: string[] = []
      visit(file, {
        TSAnyKeyword: ({ start }) => void found.push(at(file, start, 'any: take unknown, or the real type')),
      })
      for (const { value, start } of parse(file).comments) {
        const [, word, reason = ''] = /^[\s*/]*@ts-(\w[\w-]*)(.*)/.exec(value) ?? []
        if (word === undefined || word === 'check') continue
        const isExpected = word === 'expect-error' && file.path.includes('/test/') && reason.trim().length > 3
        if (!isExpected) found.push(at(file, start, `@ts-${word} hides an error: mend it`))
      }
      return found
    })
