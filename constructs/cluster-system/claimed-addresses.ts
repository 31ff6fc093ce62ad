import type { Construct } from 'constructs';
import { admissionPolicy } from '../core/admission-policy.ts';
import { kubeObject } from '../core/kube-object.ts';

/**
 * Refuses Services with `externalIPs`: what pods and nodes send to such an address, whoever has it, each node hands to the
 * Service's pods. It is a way in and out that no wire declares, and that no quota counts. What was there before stays.
 * @see https://github.com/kubernetes/kubernetes/issues/97076 (CVE-2020-8554)
 */
export function refuseClaimedAddresses(scope: Construct): void {
  const [policy, binding] = admissionPolicy(
    'services-claim-no-addresses',
    { apiGroup: '', apiVersion: 'v1', resource: 'services', operations: ['CREATE', 'UPDATE'] },
    {
      validations: [
        {
          message: 'spec.externalIPs: every node would hand what is sent to these addresses to the pods of the Service',
          expression:
            '!has(object.spec.externalIPs) || object.spec.externalIPs.all(address, ' +
            'oldObject != null && has(oldObject.spec.externalIPs) && address in oldObject.spec.externalIPs)',
        },
      ],
    },
  );
  kubeObject(scope, 'claimed-addresses', policy);
  kubeObject(scope, 'claimed-addresses-binding', binding);
}
