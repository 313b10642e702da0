import { at, packageSource, type Rule, visit } from './source-file.js'

// In capitals the first word is enough, but for words that an error message may begin with ("BEGIN IMMEDIATE on a
// connection that …"); in small letters it takes a statement's shape, because English begins like that, too.
const capitals =
  /^\s*((SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|WITH|MERGE|TRUNCATE|LOCK|SET|NOTIFY|LISTEN|VACUUM)\s|(BEGIN|COMMIT|ROLLBACK|START TRANSACTION)(\s+[A-Z]+)*\s*(;|$)|(ROLLBACK TO|SAVEPOINT)\s+\S+\s*(;|$)|PRAGMA\s+[\w.]+\s*(=|\(|;|$))/
const shapes =
  /^\s*(select\s[^]+\sfrom\s|insert\s+(or\s+\w+\s+)?into\s|update\s+\S+\s+set\s|delete\s+from\s|(create|alter|drop)\s+(unique\s+)?(table|index|schema|view|function|trigger|type)\s|begin\s*;|begin\s+(immediate|exclusive|deferred|transaction|work)\s*(;|$)|commit\s*;|rollback\s*(;|to\s)|pragma\s+[\w.]+\s*(=|\(|;|$)|set\s+(local|session|transaction)\s)/i

/** SQL in a string of packages/waybill/src: statements live in .sql files, where a reader and a linter find them. */
export const sqlText: Rule = (files) =>
  packageSource(files)
    .filter(({ path }) => path.startsWith('packages/waybill/src/'))
    .flatMap((file) => {
      const found: string[] = []
      const check = (text: string, offset: number): void => {
        if (capitals.test(text) || (/\s|;/.test(text.trim()) && shapes.test(text))) {
          found.push(at(file, offset, `SQL belongs into a .sql file: ${JSON.stringify(text.trim().slice(0, 40))}`))
        }
      }
      visit(file, {
        Literal: ({ value, start }) => {
          if (typeof value === 'string') check(value, start)
        },
        TemplateLiteral: ({ quasis, start }) => check(quasis.map(({ value }) => value.cooked ?? '').join('?'), start),
      })
      return found
    })
