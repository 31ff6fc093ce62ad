import { agentStandIn } from './numbers.ts';

/** Alerts that are right here, and would be nowhere else; each with the reason. */
export const ofTheGround: Readonly<Record<string, string>> = {
  NodeClockUnsynchronised: 'the kernel of this machine may not know that something keeps its clock',
  LogAgentSilent: agentStandIn,
  EdgeCertificatesNotWatched: 'cert-manager is a stand-in, which tells no numbers',
  TargetDown: 'the same; any other target that is down is seen by the numbers',
};
