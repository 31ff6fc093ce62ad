export const dynamic = 'force-dynamic';

/** For the kubelet: renders nothing and asks nobody. */
export function GET(): Response {
  return Response.json({ status: 'alive' }, { headers: { 'Cache-Control': 'no-store' } });
}
