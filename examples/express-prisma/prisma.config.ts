import { defineConfig } from 'prisma/config'

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  // Only `prisma migrate` needs it; `prisma generate` works without a database.
  datasource: { url: process.env.DATABASE_URL ?? '' },
})
