/** Of every answer, whoever gives it; `false` in the option `headers` leaves one to the application. */
export const answerHeaders = {
  'Strict-Transport-Security': 'max-age=63072000; includeSubDomains',
  'X-Frame-Options': 'DENY',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'strict-origin-when-cross-origin',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
} as const;

/** What answers say of the programs that made them, and what Next.js says to itself. */
export const removedFromAnswers = [
  'Server',
  'X-Powered-By',
  'X-Middleware-Next',
  'X-Middleware-Override-Headers',
  'X-Middleware-Redirect',
  'X-Middleware-Rewrite',
  'X-Middleware-Set-Cookie',
] as const;

/**
 * What servers behind believe because it comes from in front of them. Traefik itself takes away and writes those of
 * X-Forwarded-* that say where a client is and what it asked, and X-Real-Ip. What a browser's part of Next.js sends
 * (Next-Router-*, RSC, Next-Action) is not among it: pages need it.
 */
export const removedFromRequests = [
  // Who somebody is.
  'Remote-User',
  'X-Auth-Email',
  'X-Auth-Request-Email',
  'X-Auth-Request-Groups',
  'X-Auth-Request-User',
  'X-Auth-User',
  'X-Authenticated-User',
  'X-Forwarded-Access-Token',
  'X-Forwarded-Email',
  'X-Forwarded-Groups',
  'X-Forwarded-Preferred-Username',
  'X-Forwarded-User',
  'X-Remote-User',
  'X-User',
  'X-Webauth-User',
  // Where somebody is.
  'Cf-Connecting-Ip',
  'Fastly-Client-Ip',
  'Forwarded',
  'True-Client-Ip',
  'X-Client-Ip',
  'X-Cluster-Client-Ip',
  'X-Original-Forwarded-For',
  // What is asked: the firewall and the limits see the one, the server does the other.
  'X-Http-Method',
  'X-Http-Method-Override',
  'X-Method-Override',
  'X-Original-Host',
  'X-Original-Method',
  'X-Original-Uri',
  'X-Original-Url',
  'X-Rewrite-Url',
  // A variable HTTP_PROXY, where a server makes variables of headers.
  'Proxy',
  // Written by the firewall, so that one request has one name everywhere.
  'X-Request-Id',
  // Next.js to itself: the first one skips its middleware, and with it sign-in.
  'X-Middleware-Subrequest',
  'X-Middleware-Subrequest-Id',
  'X-Middleware-Invoke',
  'X-Middleware-Next',
  'X-Middleware-Override-Headers',
  'X-Middleware-Redirect',
  'X-Middleware-Rewrite',
  'X-Middleware-Set-Cookie',
  'X-Middleware-Skip',
  'X-Invoke-Error',
  'X-Invoke-Output',
  'X-Invoke-Path',
  'X-Invoke-Query',
  'X-Invoke-Status',
  'X-Matched-Path',
  'X-Next-Cache-Tags',
  'X-Next-Revalidate-Tag-Token',
  'X-Next-Revalidated-Tags',
  'X-Now-Route-Matches',
  'X-Prerender-Revalidate',
  'X-Prerender-Revalidate-If-Generated',
] as const;
