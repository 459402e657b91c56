/* SPDX-License-Identifier: Apache-2.0 */
#include "setup/setup_state.h"

#include "base/clock.h"
#include "setup/setup_bundle.h"

static void write_custodies(struct qw_json_writer *w, unsigned offered)
{
    qw_json_name(w, "custodies");
    qw_json_array_begin(w);
    for (int i = 0; i < SETUP_CUSTODY_COUNT; i++) {
        if ((offered & 1U << i) != 0) {
            qw_json_text(w, setup_custody_names[i]);
        }
    }
    qw_json_array_end(w);
}

static void write_choice(struct qw_json_writer *w, const struct setup_choice *choice)
{
    qw_json_name(w, "centre_id");
    qw_json_text(w, choice->centre_id);
    qw_json_name(w, "custody");
    qw_json_text(w, setup_custody_names[choice->custody]);
    qw_json_name(w, "officers");
    qw_json_uint(w, choice->officers);
    qw_json_name(w, "quorum");
    qw_json_uint(w, choice->quorum);
    qw_json_name(w, "dual_control");
    qw_json_bool(w, choice->dual_control);
}

static void write_shares(struct qw_json_writer *w, const struct setup_desk *desk)
{
    static const char *const names[] = { "waiting", "given", "back" };

    qw_json_name(w, "shares");
    qw_json_array_begin(w);
    for (unsigned i = 0; desk->step == SETUP_SHARING && i < desk->choice.officers; i++) {
        qw_json_text(w, names[desk->state[i]]);
    }
    qw_json_array_end(w);
}

static void write_holders(struct qw_json_writer *w)
{
    qw_json_name(w, "holders");
    qw_json_array_begin(w);
    for (size_t i = 0; i < SETUP_HOLDERS; i++) {
        qw_json_text(w, setup_holders[i].id);
    }
    qw_json_array_end(w);
}

void setup_state_write(const struct setup_desk *desk, const struct setup_door *door, bool is_inside,
                       struct qw_json_writer *w)
{
    qw_json_object_begin(w);
    qw_json_name(w, "step");
    qw_json_text(w, is_inside ? setup_step_names[desk->step] : "code");
    qw_json_name(w, "taken");
    qw_json_bool(w, setup_door_is_taken(door));
    if (is_inside) {
        qw_json_name(w, "token");
        qw_json_text(w, door->token);
        qw_json_name(w, "left_s");
        qw_json_uint(w, (uint64_t)(setup_door_left_ms(door, qw_clock_monotonic_ms()) / 1000));
        qw_json_name(w, "folder");
        qw_json_text(w, desk->staging->place);
        write_custodies(w, desk->offered);
        write_choice(w, &desk->choice);
        write_shares(w, desk);
        write_holders(w);
    }
    qw_json_object_end(w);
}
