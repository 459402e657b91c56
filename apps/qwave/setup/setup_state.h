/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_SETUP_SETUP_STATE_H
#define QWAVE_SETUP_SETUP_STATE_H

#include "api/json_writer.h"
#include "setup/setup_desk.h"
#include "setup/setup_door.h"

/* STATE of docs/protocol/setup-page.md. A stranger learns that there is a door, and whether
 * somebody is inside; whoever is inside has the token of his page in it, so into secret memory. */
void setup_state_write(const struct setup_desk *desk, const struct setup_door *door, bool is_inside,
                       struct qw_json_writer *w);

#endif
