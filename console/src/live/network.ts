// SPDX-License-Identifier: Apache-2.0
// What reports say of running networks (docs/protocol/network-view.md), put together: a link has two ends, and each knows its side.
import type { NetworkLink, NetworkNode, NetworkTopology, Networks } from '../api/centre';
import { keep, rate, type Sample } from './forecast';

const STALE_MS = 5000; // a node that was not reported for so long is not known any more
const IN_USE_MS = 3000; // a route over which keys came so lately is in use
const RATE_S = 10; // rates are of so long

interface Heard {
    state: NetworkNode;
    reporter: string;
    atMs: number; // when that was so, by the clock of this page
    delivered: Sample[];
    made: Map<number, Sample[]>; // bits of a QKD link, by neighbour
}

export interface Known {
    name: string;
    topology: NetworkTopology;
    nodes: Map<number, Heard>;
}

export type NodeState = 'answers' | 'silent' | 'unknown' | 'passive';
export type LinkState = 'up' | 'down' | 'cut' | 'quarantined' | 'unknown';

export interface Place {
    number: number;
    id: string;
    kind: NetworkTopology['nodes'][number]['kind'];
    x: number;
    y: number;
    state: NodeState;
    heard: Heard | undefined;
    keysPerSecond: number;
}

export interface Link {
    key: string; // "a~b", by ids: for addresses
    a: number;
    b: number;
    names: [string, string];
    kind: NetworkTopology['links'][number]['kind'];
    via: number | undefined;
    km: number;
    rateBps: number; // by the topology
    madeBps: number | undefined; // as its QKD link reports
    state: LinkState;
    sides: [NetworkLink | undefined, NetworkLink | undefined]; // as a and as b say
    storedBits: number | undefined; // of the direction with less
    level: number; // 0 to 1
    simulated: boolean;
    inUse: boolean;
    waits: boolean; // for its optical switch, or its satellite
    pass: NetworkLink['pass'];
}

export interface Flow {
    from: number;
    to: number;
    delivered: number;
    waits: number;
    route: number[]; // the last one
    second: number[]; // when each key goes over two
    quality: string; // gold, silver, bronze; '' from older nodes
    inUse: boolean;
}

export interface Picture {
    places: Place[];
    links: Link[];
    flows: Flow[];
}

function hear(before: Heard | undefined, state: NetworkNode, reporter: string, atMs: number): Heard {
    const s = atMs / 1000;
    const delivered = state.delivered_keys ?? 0;
    const last = before?.delivered[before.delivered.length - 1];
    const begunAnew = last !== undefined && delivered < last.value;
    const made = new Map<number, Sample[]>();

    for (const link of state.links ?? []) {
        const samples = begunAnew ? [] : (before?.made.get(link.neighbour) ?? []);
        const newest = samples[samples.length - 1];
        if (link.qkd_bits !== undefined) {
            const fresh = newest !== undefined && link.qkd_bits < newest.value ? [] : samples;
            made.set(link.neighbour, keep(fresh, { s, value: link.qkd_bits }, RATE_S));
        }
    }
    return {
        state, reporter, atMs, made,
        delivered: state.answers ? keep(begunAnew ? [] : (before?.delivered ?? []), { s, value: delivered }, RATE_S) : [],
    };
}

/** What is known after an answer of the centre. A network that it does not name any more is gone. */
export function merge(known: Known[], answer: Networks, nowMs: number): Known[] {
    return answer.networks.flatMap((said) => {
        const before = known.find(({ name }) => name === said.name);
        const topology = said.topology ?? before?.topology;

        if (topology === undefined) {
            return []; // asked for anew, from the beginning
        }
        const nodes = new Map(said.topology === undefined ? before?.nodes : []);
        for (const { age_ms, reporter, state } of said.nodes) {
            if (state.node < topology.nodes.length) {
                nodes.set(state.node, hear(nodes.get(state.node), state, reporter, nowMs - age_ms));
            }
        }
        return [{ name: said.name, topology, nodes }];
    });
}

function stateOf(heard: Heard | undefined, kind: Place['kind'], nowMs: number): NodeState {
    if (kind === 'switch') {
        return 'passive';
    }
    return heard === undefined || nowMs - heard.atMs > STALE_MS ? 'unknown' : heard.state.answers ? 'answers' : 'silent';
}

/** Of a link that one or both ends tell of. */
function together(sides: (NetworkLink | undefined)[]): LinkState {
    const said = sides.filter((side) => side !== undefined);

    return said.length === 0
        ? 'unknown'
        : said.some(({ quarantined }) => quarantined)
          ? 'quarantined'
          : said.some(({ cut }) => cut)
            ? 'cut'
            : said.every(({ up }) => up)
              ? 'up'
              : 'down';
}

function routeOf(text: string | undefined, count: number): number[] {
    const route = text === undefined ? [] : text.split(',').map(Number);

    return route.every((node) => node < count) ? route : [];
}

const pair = (a: number, b: number) => (a < b ? `${a}-${b}` : `${b}-${a}`);

function flowsOf(known: Known, answers: (node: number) => boolean): Flow[] {
    const flows: Flow[] = [];

    for (const [from, { state }] of known.nodes) {
        for (const order of (answers(from) ? state.orders : undefined) ?? []) {
            if (order.target < known.topology.nodes.length) {
                const route = routeOf(order.route, known.topology.nodes.length);
                const inUse = route.length > 1 && (order.route_age_ms ?? Infinity) < IN_USE_MS;
                const second = routeOf(order.second_route, known.topology.nodes.length);
                flows.push({
                    from, to: order.target, delivered: order.delivered_keys, waits: order.waits, route, second, quality: order.class ?? '', inUse,
                });
            }
        }
    }
    return flows.sort((one, other) => one.from - other.from || one.to - other.to);
}

function linkOf(known: Known, at: NetworkTopology['links'][number], answers: (node: number) => boolean, used: Set<string>): Link {
    const side = (node: number, neighbour: number) =>
        answers(node) ? known.nodes.get(node)?.state.links?.find((link) => link.neighbour === neighbour) : undefined;
    const sides: Link['sides'] = [side(at.a, at.b), side(at.b, at.a)];
    const said = sides.filter((one) => one !== undefined);
    const names: Link['names'] = [known.topology.nodes[at.a]?.id ?? '', known.topology.nodes[at.b]?.id ?? ''];
    const made = [known.nodes.get(at.a)?.made.get(at.b), known.nodes.get(at.b)?.made.get(at.a)].filter((samples) => samples !== undefined);

    return {
        key: names.join('~'), a: at.a, b: at.b, names, kind: at.kind, via: at.via, km: at.km, rateBps: at.rate_bps, sides,
        madeBps: made.length === 0 ? undefined : Math.max(...made.map(rate)),
        state: together(sides),
        storedBits: said.length === 0 ? undefined : Math.min(...said.map(({ stored_bits }) => stored_bits)),
        level: said.length === 0 ? 0 : Math.min(...said.map(({ stored_bits, capacity_bits }) => (capacity_bits > 0 ? stored_bits / capacity_bits : 0))),
        simulated: said.some(({ simulated }) => simulated),
        inUse: used.has(pair(at.a, at.b)),
        waits: said.some(({ joined, pass }) => joined === false || pass?.passing === false),
        pass: said.find(({ pass }) => pass !== undefined)?.pass,
    };
}

/** How the network is now. */
export function picture(known: Known, nowMs: number): Picture {
    const places = known.topology.nodes.map(({ id, kind, x, y }, number): Place => {
        const heard = known.nodes.get(number);
        return { number, id, kind, x, y, heard, state: stateOf(heard, kind, nowMs), keysPerSecond: Math.max(0, rate(heard?.delivered ?? [])) };
    });
    const answers = (node: number) => places[node]?.state === 'answers';
    const flows = flowsOf(known, answers);
    const used = new Set(flows.filter(({ inUse }) => inUse).flatMap(({ route, second }) => [route, second])
        .flatMap((route) => route.slice(1).map((node, at) => pair(route[at]!, node))));

    return { places, flows, links: known.topology.links.map((at) => linkOf(known, at, answers, used)) };
}

/** What needs somebody: nodes that do not answer, links that are not up though a node tells of them. */
export function failures({ places, links }: Picture): { places: Place[]; links: Link[] } {
    return {
        places: places.filter(({ state, heard }) => state === 'silent' || (state === 'unknown' && heard !== undefined)),
        links: links.filter(({ state }) => state === 'down' || state === 'cut' || state === 'quarantined'),
    };
}

const NEAR = 14;

/** Where a line from one point to another bends, so that it does not run through a third; undefined: it need not. */
export function bend(from: [number, number], to: [number, number], others: [number, number][]): [number, number] | undefined {
    const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
    const length = Math.hypot(dx, dy);
    const isNear = ([x, y]: [number, number]) => {
        const along = ((x - from[0]) * dx + (y - from[1]) * dy) / (length * length);
        const aside = Math.abs((x - from[0]) * dy - (y - from[1]) * dx) / length;
        return along > 0.02 && along < 0.98 && aside < NEAR;
    };

    return length > 0 && others.some(isNear)
        ? [(from[0] + to[0]) / 2 - (dy / length) * 6 * NEAR, (from[1] + to[1]) / 2 + (dx / length) * 6 * NEAR]
        : undefined;
}

/** Coordinates of the places within width and height, the same scale in both directions. */
export function layout(places: { x: number; y: number }[], width: number, height: number, margin: number): [number, number][] {
    const xs = places.map(({ x }) => x);
    const ys = places.map(({ y }) => y);
    const [left, top] = [Math.min(...xs), Math.min(...ys)];
    const [wide, high] = [Math.max(...xs) - left, Math.max(...ys) - top];
    const scale = Math.min((width - 2 * margin) / Math.max(wide, 1e-3), (height - 2 * margin) / Math.max(high, 1e-3));

    return places.map(({ x, y }) => [
        (width - scale * wide) / 2 + scale * (x - left),
        (height - scale * high) / 2 + scale * (y - top),
    ]);
}
