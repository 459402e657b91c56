// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NetworkLink, NetworkNode, Networks, NetworkTopology } from '../../src/api/centre';
import { bend, failures, layout, merge, picture } from '../../src/live/network';

const topology: NetworkTopology = {
    text: 'three in a line, and a switch',
    nodes: [
        { id: 'a', kind: 'relay', x: 0, y: 0 }, { id: 'b', kind: 'relay', x: 1, y: 0 },
        { id: 'c', kind: 'user', x: 2, y: 0 }, { id: 's', kind: 'switch', x: 1, y: 1 },
    ],
    links: [
        { a: 0, b: 1, kind: 'fibre', km: 1, rate_bps: 1000 },
        { a: 1, b: 2, kind: 'switched', km: 1, rate_bps: 500, via: 3 },
    ],
};
const side = (neighbour: number, more: Partial<NetworkLink> = {}): NetworkLink => ({
    neighbour, up: true, quarantined: false, simulated: true, stored_bits: 4096, capacity_bits: 8192, ...more,
});
const node = (number: number, links: NetworkLink[], more: Partial<NetworkNode> = {}): NetworkNode => ({
    node: number, answers: true, delivered_keys: 0, links, orders: [], ...more,
});
const said = (states: NetworkNode[], first = true, age_ms = 0): Networks => ({
    version: 1,
    networks: [{ name: 'n', ...(first ? { topology } : {}), nodes: states.map((state) => ({ age_ms, reporter: 'r', state })) }],
});
const whole = said([node(0, [side(1)]), node(1, [side(0, { stored_bits: 1024 }), side(2)]), node(2, [side(1)])]);

test('both ends of a link together say how it is', () => {
    const { links } = picture(merge([], whole, 0)[0]!, 0);

    assert.deepEqual(links.map(({ key, state, storedBits, level }) => [key, state, storedBits, level]), [['a~b', 'up', 1024, 0.125], ['b~c', 'up', 4096, 0.5]]);
    for (const [more, state] of [[{ up: false }, 'down'], [{ up: false, cut: true }, 'cut'], [{ quarantined: true }, 'quarantined']] as const) {
        const known = merge(merge([], whole, 0), said([node(0, [side(1, more)])], false), 0);
        assert.equal(picture(known[0]!, 0).links[0]!.state, state);
    }
});

test('a node that does not answer, and one that nobody reports any more, are not the same', () => {
    const known = merge(merge([], whole, 0), said([{ node: 2, answers: false }], false), 4000);
    const soon = picture(known[0]!, 4000);
    const late = picture(known[0]!, 8000);

    assert.deepEqual(soon.places.map(({ state }) => state), ['answers', 'answers', 'silent', 'passive']);
    assert.deepEqual(late.places.map(({ state }) => state), ['unknown', 'unknown', 'silent', 'passive']);
    assert.equal(soon.links[1]!.state, 'up'); // as its other end says
    assert.equal(late.links[1]!.state, 'unknown');
    assert.deepEqual(failures(soon).places.map(({ id }) => id), ['c']);
    assert.deepEqual(failures(late).places.map(({ id }) => id), ['a', 'b', 'c']);
});

test('links of a route over which keys came lately are in use', () => {
    const order = { target: 2, wanted_keys: 9, delivered_keys: 5, waits: 1, route: '0,1,2', route_age_ms: 10 };
    const at = (age: number) => picture(merge([], said([node(0, [side(1)], { orders: [{ ...order, route_age_ms: age }] })]), 0)[0]!, 0);

    assert.deepEqual(at(10).links.map(({ inUse }) => inUse), [true, true]);
    assert.deepEqual(at(10).flows.map(({ route }) => route), [[0, 1, 2]]);
    assert.deepEqual(at(9000).links.map(({ inUse }) => inUse), [false, false]);
    assert.deepEqual(at(10).flows.map(({ second, quality }) => [second, quality]), [[[], '']]);
});

test('an order over two routes uses the links of both', () => {
    const order = {
        target: 2, wanted_keys: 9, delivered_keys: 5, waits: 1, class: 'silver' as const, route: '0,1', second_route: '1,2', route_age_ms: 10,
    };
    const { flows, links } = picture(merge([], said([node(0, [side(1)], { orders: [order] })]), 0)[0]!, 0);

    assert.deepEqual(links.map(({ inUse }) => inUse), [true, true]);
    assert.deepEqual(flows.map(({ route, second, quality }) => [route, second, quality]), [[[0, 1], [1, 2], 'silver']]);
});

test('a link waits for its switch or satellite while light does not get through', () => {
    const waits = (more: Partial<NetworkLink>) => picture(merge([], said([node(0, [side(1, more)])]), 0)[0]!, 0).links[0]!.waits;

    assert.deepEqual([waits({}), waits({ joined: true }), waits({ joined: false })], [false, false, true]);
    assert.deepEqual([waits({ pass: { passing: true } }), waits({ pass: { passing: false, next_s: 3 } })], [false, true]);
});

test('numbers that the topology has not are left out', () => {
    const order = { target: 9, wanted_keys: 9, delivered_keys: 5, waits: 1 };
    const known = merge([], said([node(9, [side(9)]), node(0, [side(9)], { orders: [order, { ...order, target: 1, route: '0,9,1', route_age_ms: 1 }] })]), 0);
    const { flows, links } = picture(known[0]!, 0);

    assert.deepEqual([...known[0]!.nodes.keys()], [0]);
    assert.deepEqual(flows.map(({ to, route, inUse }) => [to, route, inUse]), [[1, [], false]]);
    assert.equal(links[0]!.state, 'unknown');
});

test('rates follow from two reports, and begin anew with a node that began anew', () => {
    const report = (delivered_keys: number, qkd_bits: number) => said([node(0, [side(1, { qkd_bits, qkd_runs: true })], { delivered_keys })], false);
    let known = merge(merge([], whole, 0), report(100, 1000), 1000);
    known = merge(known, report(300, 5000), 3000);

    assert.equal(picture(known[0]!, 3000).links[0]!.madeBps, 2000);
    assert.equal(picture(known[0]!, 3000).places[0]!.keysPerSecond, 100);
    known = merge(known, report(10, 10), 4000);
    assert.equal(picture(known[0]!, 4000).links[0]!.madeBps, 0);
    assert.equal(picture(known[0]!, 4000).places[0]!.keysPerSecond, 0);
});

test('a network that is named no more is gone; one without its topology is asked for anew', () => {
    assert.deepEqual(merge(merge([], whole, 0), { version: 2, networks: [] }, 0), []);
    assert.deepEqual(merge([], said([], false), 0), []);
});

test('places keep their proportions, and no line runs through a third place', () => {
    const at = layout([{ x: 0, y: 0 }, { x: 2, y: 0 }, { x: 1, y: 0 }, { x: 1, y: 1 }], 240, 200, 20);

    assert.deepEqual(at[0], [20, 50]);
    assert.deepEqual(at[1], [220, 50]);
    assert.deepEqual(at[3], [120, 150]);
    assert.notEqual(bend(at[0]!, at[1]!, [at[2]!]), undefined);
    assert.equal(bend(at[0]!, at[1]!, [at[3]!]), undefined);
    assert.deepEqual(layout([{ x: 3, y: 3 }], 100, 100, 10), [[50, 50]]);
});
