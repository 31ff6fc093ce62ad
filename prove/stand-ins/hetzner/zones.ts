import net from 'node:net';
import { ApiError, invalid } from './world.ts';
import type { Action, Body, Thing, World } from './world.ts';

export interface RecordSet {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  ttl: number | null;
  labels: unknown;
  readonly protection: { change: boolean };
  records: readonly { readonly value: string }[];
  readonly zone: number;
}

export function makeZone(world: World, body: Body): Body {
  if (body.mode !== 'primary') throw invalid('mode', 'this stand-in has primary zones only');
  const servers = { assigned: ['hydrogen.ns.hetzner.com.', 'oxygen.ns.hetzner.com.', 'helium.ns.hetzner.de.'] };
  const delegation = { delegated: [], delegation_last_check: '2026-01-01T00:00:00Z', delegation_status: 'unknown' };
  const zone = world.make('zones', body, {
    ...{ mode: 'primary', ttl: body.ttl ?? 3600, primary_nameservers: [], registrar: 'other', status: 'ok' },
    ...{ authoritative_nameservers: { ...servers, ...delegation }, record_count: 0 },
  });
  world.records.set(zone.id, []);
  return { zone, action: world.begin('create_zone', [['zone', zone]]) };
}

export function removeZone(world: World, zone: Thing): Body {
  world.records.delete(zone.id);
  world.forget('zones', zone);
  return { action: world.begin('delete_zone', [['zone', zone]]) };
}

/** Answers below `/zones/ZONE/rrsets`. @throws ApiError */
export function answerRecords(world: World, zone: Thing, method: string, rest: readonly string[], body: Body): Body {
  const sets = world.records.get(zone.id) ?? [];
  const [name = '', type = '', word, command = ''] = rest;
  if (name === '') {
    if (method === 'GET') return { rrsets: sets };
    return addRecords(world, zone, sets, body);
  }
  const set = sets.find((each) => each.name === name && each.type === type);
  if (set === undefined) throw new ApiError(404, 'not_found', `rrset ${name}/${type} not found`);
  if (word === 'actions') return { action: actOnRecords(world, zone, set, command, body) };
  switch (method) {
    case 'PUT':
      set.labels = body.labels ?? set.labels;
      return { rrset: set };
    case 'DELETE':
      if (set.protection.change) throw new ApiError(423, 'protected', `rrset ${set.id} is protected`);
      world.records.set(
        zone.id,
        sets.filter((each) => each !== set),
      );
      return { action: world.begin('delete_rrset', [['zone', zone]]) };
    default:
      return { rrset: set };
  }
}

function addRecords(world: World, zone: Thing, sets: readonly RecordSet[], body: Body): Body {
  const [name, type] = [String(body.name), String(body.type)];
  const id = `${name}/${type}`;
  if (sets.some((each) => each.id === id))
    throw new ApiError(409, 'uniqueness_error', `there is an rrset ${id} already`);
  const records = checked(type, body.records);
  const ttl = typeof body.ttl === 'number' ? body.ttl : null;
  const labels = body.labels ?? {};
  const rrset: RecordSet = { id, name, type, ttl, labels, protection: { change: false }, records, zone: zone.id };
  world.records.set(zone.id, [...sets, rrset]);
  return { rrset, action: world.begin('create_rrset', [['zone', zone]]) };
}

function actOnRecords(world: World, zone: Thing, set: RecordSet, command: string, body: Body): Action {
  if (command === 'set_records') set.records = checked(set.type, body.records);
  else if (command === 'change_ttl') set.ttl = typeof body.ttl === 'number' ? body.ttl : null;
  else if (command === 'change_protection') set.protection.change = body.change === true;
  else throw new ApiError(404, 'not_found', `this stand-in has no action ${command} of rrsets`);
  return world.begin(command, [['zone', zone]]);
}

/** @throws ApiError for a value that isn't of the type */
function checked(type: string, records: unknown): RecordSet['records'] {
  const all = (records ?? []) as RecordSet['records'];
  const family = { A: 4, AAAA: 6 }[type];
  const wrong = all.find(({ value }) =>
    family === undefined
      ? type === 'CAA' && !/^\d+ (issue|issuewild|iodef) "[^"]*"$/.test(value)
      : net.isIP(value) !== family,
  );
  if (wrong !== undefined) throw invalid('records', `${wrong.value} is no ${type} record`);
  return all;
}
