import { exploreFromCommandLine } from '../../simulation/explore.js'
import { plans } from './plans.js'
import { runPlan } from './run.js'

await exploreFromCommandLine(plans, runPlan)
