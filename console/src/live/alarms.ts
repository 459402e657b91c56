// SPDX-License-Identifier: Apache-2.0
// The order in which alarms are read.
import type { Alarm } from '../api/centre';

const BY_STATE = { active: 0, cleared: 1, acknowledged: 2, gone: 3 } as const;
const BY_SEVERITY = { major: 0, minor: 1 } as const;

/** What nobody has acknowledged first, what is the case before what is over, the worse before the less bad, then the newest. */
export function inOrder(alarms: Alarm[]): Alarm[] {
    return [...alarms].sort(
        (a, b) => BY_STATE[a.state] - BY_STATE[b.state] || BY_SEVERITY[a.severity] - BY_SEVERITY[b.severity] || b.number - a.number,
    );
}
