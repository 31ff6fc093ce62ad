import type { EdgeRoute, Exclusion } from '../routes.ts';

/** Numbers of the rules of a route; those of all routes are below. */
const ids = { settings: 101_000, upload: 101_001, fields: 101_002 };

/** What ModSecurity is told about a route, before all rules. */
export function routeRules(route: EdgeRoute, paranoiaLevel: number): string {
  const { mode, methods, contentTypes, bodyLimit, fieldsLimit, jsonDepth, exclusions } = route;
  const variables = {
    blocking_paranoia_level: String(paranoiaLevel),
    detection_paranoia_level: String(paranoiaLevel),
    allowed_methods: methods.join(' '),
    allowed_request_content_type: contentTypes.map((type) => `|${type}|`).join(' '),
  };
  const settings = Object.entries(variables).map(([name, value]) => `setvar:'tx.${name}=${value}'`);
  const fieldsBytes = fieldsLimit.toKibibytes() * 1024;
  return [
    `SecRuleEngine ${mode === 'block' ? 'On' : 'DetectionOnly'}`,
    `SecRequestBodyLimit ${bodyLimit.toKibibytes() * 1024}`,
    `SecRequestBodyJsonDepthLimit ${jsonDepth}`,
    `SecAction "id:${ids.settings},phase:1,pass,nolog,t:none,${settings.join(',')}"`,
    // Each KiB of fields takes a millisecond: what is larger is not looked at further, in either mode.
    'SecRule REQUEST_HEADERS:Content-Type "@beginsWith multipart/form-data" \\',
    `  "id:${ids.upload},phase:1,pass,nolog,t:none,t:lowercase,setvar:tx.upload=1"`,
    `SecRule REQUEST_BODY_LENGTH "@gt ${fieldsBytes}" \\`,
    `  "id:${ids.fields},phase:2,deny,status:413,log,auditlog,t:none,msg:'More than ${fieldsBytes} bytes without being an upload',\\`,
    '  severity:CRITICAL,skipAfter:END-RULES,chain"',
    '  SecRule &TX:upload "@eq 0" "t:none"',
    ...exclusions.flatMap(exclusionLines),
    '',
  ].join('\n');
}

function exclusionLines({ rule, target, reason, until }: Exclusion): string[] {
  const said = `# Until ${until}: ${reason}`;
  if (typeof rule === 'string') return [said, `SecRuleUpdateTargetByTag "${rule}" "!${String(target)}"`];
  return [said, target === false ? `SecRuleRemoveById ${rule}` : `SecRuleUpdateTargetById ${rule} "!${target}"`];
}
