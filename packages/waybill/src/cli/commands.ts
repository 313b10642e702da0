import { alerts } from './alerts.js'
import type { Command } from './command.js'
import { group } from './group.js'
import { holds } from './holds.js'
import { migrate } from './migrate.js'
import { parked } from './parked.js'
import { relay } from './relay.js'
import { status } from './status.js'

/** Every command of `waybill`, in the order of `help`. */
export const commands: Readonly<Record<string, Command>> = { relay, migrate, status, parked, alerts, holds, group }
