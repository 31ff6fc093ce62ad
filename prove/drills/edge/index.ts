import { WayIn, wayInSources } from '../../components/edge/way-in.ts';
import type { Area, Outcome } from '../area.ts';
import type { PlatformGround } from '../ground.ts';
import { clientAddresses } from './client-address.ts';
import { flood } from './flood.ts';
import { limits } from './limits.ts';
import { metrics } from './metrics.ts';
import { tls } from './tls.ts';

export const area: Area<'platform'> = {
  purpose:
    'asks from outside by the load balancer: TLS, headers, addresses of clients, limits, a flood, and the numbers of Traefik',
  promises: {
    tls:
      'handshakes by TLS 1.2 and 1.3 and for a name that nobody has, the headers of answers of every kind, and a certificate ' +
      'that is made anew under two clients that ask every 100 ms',
    'client-ip':
      'requests by both versions of PROXY and by IPv6 with forged headers of every kind, and what the application, the access ' +
      'log and a node port without the load balancer say; tickets of two users on shared connections',
    rate: 'more requests than each class of limits lets through, of IPv4 and of one subscriber of IPv6, beside another client',
    ddos: 'a flood of requests, a hundred connections that send nothing and headers of 64 KiB, beside another client',
    'edge-metrics': 'what Prometheus would read from both Traefiks after all of that',
  },
  needs: 'platform',
  asks: 'edge',
  minutes: 9,
  programs: [],
  about: wayInSources,
  run: wayIn,
};

async function wayIn(platform: PlatformGround): Promise<Outcome> {
  const way = await WayIn.of(platform);
  return {
    tls: await tls(platform, way),
    'client-ip': await clientAddresses(platform, way),
    rate: await limits(platform, way),
    ddos: await flood(platform, way),
    'edge-metrics': await metrics(platform, way),
  };
}
