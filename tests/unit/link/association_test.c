/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 A8 C12 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/link/link_pair.h"

#include "support/fail_nth.h"

#include <sys/stat.h>

FAIL_NTH(void *, qw_secret_new, NULL, (size_t len), (len));

/* Thousands of records are written here; no power is cut. */
int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
    (void)fd;
    return 0;
}

static int start(void **state)
{
    struct pair *pair = calloc(1, sizeof *pair);

    pair_init(pair);
    assert_int_equal(agent_start(pair, QW_LINK_INITIATOR), QW_OK);
    assert_int_equal(agent_start(pair, QW_LINK_RESPONDER), QW_OK);
    *state = pair;
    return 0;
}

static int stop(void **state)
{
    pair_done(*state);
    free(*state);
    return 0;
}

static void assert_steady_on(struct pair *pair, uint8_t serial)
{
    for (int role = 0; role < 2; role++) {
        struct qw_link_status status = agent_status(pair, (enum qw_link_role)role);

        assert_int_equal(status.state, QW_LINK_STEADY);
        assert_true(status.has_key);
        assert_int_equal(status.key_id[0], serial);
        assert_int_equal(pair->agents[role].end.send[0], 0x40 + serial);
        assert_int_equal(pair->agents[role].end.accept[1][0], 0); /* nothing else is accepted */
    }
    assert_true(traffic_passes(pair));
}

static void nothing_passes_before_the_first_key(void **state) /* S6 */
{
    struct pair *pair = *state;

    pair->no_key = QW_ERR_EXHAUSTED;
    pair_run(pair, 5000, false);
    assert_true(pair->agents[0].end.is_blocked && pair->agents[1].end.is_blocked);
    assert_int_equal(agent_status(pair, QW_LINK_INITIATOR).state, QW_LINK_DEGRADED);
    assert_non_null(strstr(agent_status(pair, QW_LINK_INITIATOR).alarm, "no new key"));
    pair->no_key = QW_OK;
    pair_run(pair, 10000, false);
    assert_steady_on(pair, 1);
    assert_string_equal(agent_status(pair, QW_LINK_INITIATOR).alarm, "");
}

static void keys_change_by_time_with_traffic_passing_all_the_while(void **state)
{
    struct pair *pair = *state;

    pair->config.rekey_ms = 60000;
    agent_kill(&pair->agents[QW_LINK_INITIATOR]);
    agent_kill(&pair->agents[QW_LINK_RESPONDER]);
    pair_run(pair, 2000, false);
    assert_steady_on(pair, 1);
    pair_run(pair, 250000, true);
    if (agent_status(pair, QW_LINK_INITIATOR).state != QW_LINK_STEADY) {
        pair_run(pair, 1000, true); /* to the end of the change that runs just now */
    }
    assert_in_range(pair->serial, 5, 7); /* each 54 to 60 s, the first after 6 to 60 */
    assert_steady_on(pair, pair->serial);
    assert_int_equal(agent_status(pair, QW_LINK_INITIATOR).alarms, 0);
    assert_int_equal(agent_status(pair, QW_LINK_RESPONDER).alarms, 0);
}

static void keys_change_by_command_at_either_end_and_by_bytes(void **state)
{
    struct pair *pair = *state;

    pair->config.rekey_bytes = 1000;
    agent_kill(&pair->agents[QW_LINK_INITIATOR]);
    pair_run(pair, 2000, false);
    assert_steady_on(pair, 1);
    qw_link_association_rotate(pair->agents[QW_LINK_INITIATOR].association);
    pair_run(pair, 2000, true);
    assert_steady_on(pair, 2);
    qw_link_association_rotate(pair->agents[QW_LINK_RESPONDER].association);
    pair_run(pair, 3000, true);
    assert_steady_on(pair, 3);
    pair->agents[QW_LINK_INITIATOR].end.bytes = 1000;
    pair_run(pair, 3000, true);
    assert_steady_on(pair, 4);
}

/* The row of tests this program is about: each agent dies at its n-th contact with the world, for
 * every n there is, comes back, and both ends end with one key; nothing was lost on the way. */
static void crash_everywhere(struct pair *pair, enum qw_link_role who)
{
    int n = 0;

    pair->config.rekey_ms = INT64_C(1000000000); /* only the rotations that are asked for below */
    pair->config.hard_ms = INT64_C(2000000000);
    agent_kill(&pair->agents[QW_LINK_INITIATOR]);
    agent_kill(&pair->agents[QW_LINK_RESPONDER]);
    pair_run(pair, 2000, false);
    for (bool has_died = true; has_died; n++) {
        assert_true(n < 60);
        qw_link_association_rotate(pair->agents[QW_LINK_INITIATOR].association);
        pair->who = who;
        pair->countdown = n + 1;
        pair_run(pair, 8000, true);
        has_died = pair->countdown == 0;
        pair->countdown = 0;
        pair_run(pair, 8000, true);
        assert_steady_on(pair, agent_status(pair, QW_LINK_INITIATOR).key_id[0]); /* at both ends */
    }
    assert_true(n > 8); /* a rotation has that many contacts, and each was hit */
}

static void a_crash_anywhere_leaves_traffic_and_one_answer(void **state) /* S5 */
{
    crash_everywhere(*state, QW_LINK_INITIATOR);
    crash_everywhere(*state, QW_LINK_RESPONDER);
}

static void a_crash_in_the_first_rotation_ends_with_a_key_too(void **state)
{
    for (int who = 0; who < 2; who++) {
        for (int n = 1; n < 20; n++) {
            struct pair *pair;

            stop(state);
            start(state);
            pair = *state;
            pair->who = (enum qw_link_role)who;
            pair->countdown = n;
            pair_run(pair, 12000, false);
            assert_steady_on(pair, pair->serial);
        }
    }
}

/* The old key was old when the responder ended between promotion and retirement; the new one is
 * not, and lives as long as any other. */
static void a_key_is_as_old_as_it_is_when_the_responder_restarts_with_it(void **state)
{
    struct pair *pair = *state;

    pair->config.drain_ms = 5000;
    agent_kill(&pair->agents[QW_LINK_INITIATOR]);
    agent_kill(&pair->agents[QW_LINK_RESPONDER]);
    pair_run(pair, 10000, false);
    pair_run(pair, 10000, true);
    qw_link_association_rotate(pair->agents[QW_LINK_INITIATOR].association);
    pair_run(pair, 1000, true);
    assert_int_equal(agent_status(pair, QW_LINK_RESPONDER).state, QW_LINK_PROMOTE);
    agent_kill(&pair->agents[QW_LINK_RESPONDER]);
    pair_run(pair, 1000, true);
    assert_int_equal(agent_status(pair, QW_LINK_RESPONDER).state, QW_LINK_PROMOTE);
    pair_run(pair, 8000, true);
    assert_steady_on(pair, pair->serial);
    assert_true(agent_status(pair, QW_LINK_RESPONDER).age_ms <= 9000);
    assert_true(agent_status(pair, QW_LINK_RESPONDER).left_ms >= pair->config.hard_ms - 9000);
}

static void wrong_bytes_at_one_end_leave_the_old_key(void **state) /* S3 */
{
    struct pair *pair = *state;

    pair_run(pair, 2000, false);
    pair->is_lying = true;
    qw_link_association_rotate(pair->agents[QW_LINK_INITIATOR].association);
    pair_run(pair, 5000, true);
    assert_true(pair->serial > 2); /* tried again and again */
    assert_int_equal(pair->agents[0].end.send[0], 0x41);
    assert_int_equal(pair->agents[1].end.send[0], 0x41);
    assert_non_null(strstr(agent_status(pair, QW_LINK_INITIATOR).alarm, "different bytes"));
    assert_non_null(strstr(agent_status(pair, QW_LINK_RESPONDER).alarm, "different bytes"));
    pair->is_lying = false;
    pair_run(pair, 20000, true);
    assert_steady_on(pair, pair->serial);
    assert_string_equal(agent_status(pair, QW_LINK_INITIATOR).alarm, "");
    assert_string_equal(agent_status(pair, QW_LINK_RESPONDER).alarm, "");
}

static void a_probe_that_does_not_get_through_leaves_the_old_key(void **state)
{
    struct pair *pair = *state;

    pair_run(pair, 2000, false);
    pair->agents[QW_LINK_INITIATOR].end.probe_fails = QW_ERR_TIMEOUT;
    qw_link_association_rotate(pair->agents[QW_LINK_INITIATOR].association);
    pair_run(pair, 3000, true);
    assert_int_equal(pair->agents[0].end.send[0], 0x41);
    pair->agents[QW_LINK_INITIATOR].end.probe_fails = QW_OK;
    pair_run(pair, 20000, true);
    assert_steady_on(pair, pair->serial);
}

static void a_key_that_comes_again_is_refused(void **state) /* S7 */
{
    struct pair *pair = *state;

    pair_run(pair, 2000, false);
    pair->is_repeating = true;
    qw_link_association_rotate(pair->agents[QW_LINK_INITIATOR].association);
    pair_run(pair, 3000, true);
    assert_steady_on(pair, 1);
    assert_non_null(strstr(agent_status(pair, QW_LINK_INITIATOR).alarm, "the same key twice"));
}

static void a_key_that_the_responder_cannot_fetch_changes_nothing(void **state)
{
    struct pair *pair = *state;

    pair_run(pair, 2000, false);
    pair->no_by_id = QW_ERR_NOT_FOUND;
    qw_link_association_rotate(pair->agents[QW_LINK_INITIATOR].association);
    pair_run(pair, 3000, true);
    assert_steady_on(pair, 1);
    assert_non_null(strstr(agent_status(pair, QW_LINK_INITIATOR).alarm, "no_key"));
    pair->no_by_id = QW_OK;
    pair_run(pair, 20000, true);
    assert_steady_on(pair, pair->serial);
}

/* Whose certificate it is, and why, only the logs say; that it may be a clock, the alarm. */
static void a_certificate_that_is_refused_is_an_alarm_in_words(void **state)
{
    struct pair *pair = *state;

    pair_run(pair, 2000, false);
    pair->cut_err = QW_ERR_AUTH;
    pair->is_cut = true;
    pair_run(pair, 3000, true);
    assert_steady_on(pair, 1);
    assert_non_null(strstr(agent_status(pair, QW_LINK_INITIATOR).alarm, "no agreement"));
    assert_non_null(strstr(agent_status(pair, QW_LINK_INITIATOR).alarm, "a clock that is wrong"));
    pair->is_cut = false;
    pair->no_by_id = QW_ERR_AUTH;
    qw_link_association_rotate(pair->agents[QW_LINK_INITIATOR].association);
    pair_run(pair, 3000, true);
    assert_steady_on(pair, 1);
    assert_non_null(strstr(agent_status(pair, QW_LINK_RESPONDER).alarm, "a clock that is wrong"));
    pair->no_by_id = QW_OK;
    pair_run(pair, 20000, true);
    assert_steady_on(pair, pair->serial);
    assert_string_equal(agent_status(pair, QW_LINK_INITIATOR).alarm, "");
}

static void closed_traffic_stops_at_the_hard_lifetime_and_not_before(void **state)
{
    struct pair *pair = *state;

    pair_run(pair, 2000, false);
    pair->no_key = QW_ERR_EXHAUSTED;
    pair_run(pair, 295000, true);
    pair_run(pair, 6000, false);
    assert_true(pair->agents[0].end.is_blocked && pair->agents[1].end.is_blocked);
    agent_kill(&pair->agents[0]); /* and it stays so over a restart */
    agent_kill(&pair->agents[1]);
    pair_run(pair, 2000, false);
    assert_true(pair->agents[0].end.is_blocked && pair->agents[1].end.is_blocked);
    assert_true(agent_status(pair, QW_LINK_INITIATOR).is_blocked);
    assert_int_equal(agent_status(pair, QW_LINK_RESPONDER).state, QW_LINK_DEGRADED);
    assert_true(agent_status(pair, QW_LINK_RESPONDER).alarms > 0); /* also after that restart */
    pair->no_key = QW_OK;
    pair_run(pair, 20000, false);
    assert_steady_on(pair, pair->serial);
}

static void open_traffic_goes_on_with_an_alarm(void **state)
{
    struct pair *pair = *state;

    pair->config.fails_open = true;
    agent_kill(&pair->agents[0]);
    agent_kill(&pair->agents[1]);
    pair_run(pair, 2000, false);
    pair->is_cut = true;
    pair_run(pair, 400000, true);
    assert_int_equal(agent_status(pair, QW_LINK_RESPONDER).state, QW_LINK_DEGRADED);
    assert_false(agent_status(pair, QW_LINK_RESPONDER).is_blocked);
    assert_true(agent_status(pair, QW_LINK_INITIATOR).alarms > 0);
    pair->is_cut = false;
    pair_run(pair, 20000, true);
    assert_steady_on(pair, pair->serial);
}

static void ends_that_differ_are_brought_together(void **state) /* L9 */
{
    struct pair *pair = *state;

    pair_run(pair, 2000, false);
    for (int role = 0; role < 2; role++) {
        agent_kill(&pair->agents[role]);
        assert_int_equal(unlink(pair->agents[role].path), 0); /* a state folder that is lost */
        pair_run(pair, 6000, false);
        assert_steady_on(pair, pair->serial);
        assert_int_equal(pair->serial, role + 2);
    }
}

static void a_peer_with_another_policy_gets_no_rotation(void **state)
{
    struct pair *pair = *state;

    pair_run(pair, 2000, false);
    pair->config.fails_open = true;
    agent_kill(&pair->agents[QW_LINK_RESPONDER]);
    qw_link_association_rotate(pair->agents[QW_LINK_INITIATOR].association);
    pair_run(pair, 3000, true);
    assert_steady_on(pair, 1);
    assert_non_null(strstr(agent_status(pair, QW_LINK_INITIATOR).alarm, "policy"));
    assert_non_null(strstr(agent_status(pair, QW_LINK_RESPONDER).alarm, "policy"));
}

static void a_tunnel_that_is_not_well_gets_a_new_key(void **state)
{
    struct pair *pair = *state;

    pair_run(pair, 2000, false);
    pair->agents[QW_LINK_RESPONDER].end.is_well = false;
    for (int turns = 0; pair->serial < 2; turns++) {
        assert_true(turns < 200); /* 2 s */
        pair_run(pair, 10, true);
    }
    pair->agents[QW_LINK_RESPONDER].end.is_well = true;
    pair_run(pair, 3000, true);
    assert_steady_on(pair, 2);
}

static void an_older_turn_is_stale(void **state) /* S2 */
{
    struct pair *pair = *state;
    struct qw_link_association *r = pair->agents[QW_LINK_RESPONDER].association;
    struct qw_link_request request = {
        .link = "main", .verb = QW_LINK_SAY_PREPARE, .has_key_id = true, .key_id = { 99 }
    };
    struct qw_link_answer answer;

    pair_run(pair, 2000, false);
    qw_link_association_rotate(pair->agents[QW_LINK_INITIATOR].association);
    pair_run(pair, 2000, true);
    for (request.turn = 0; request.turn <= 2; request.turn++) {
        qw_link_association_answer(r, &request, pair->now_ms, &answer);
        assert_int_equal(answer.result, QW_LINK_RESULT_STALE);
        assert_int_equal(answer.turn, 2);
    }
    assert_steady_on(pair, 2);
}

/* Whatever comes out of turn changes nothing and is answered. */
static void verbs_out_of_order_change_nothing(void **state)
{
    struct pair *pair = *state;
    struct qw_link_association *r = pair->agents[QW_LINK_RESPONDER].association;
    static const struct {
        enum qw_link_verb verb;
        enum qw_link_result expected;
    } rows[] = {
        { QW_LINK_SAY_PROVE, QW_LINK_RESULT_ORDER },
        { QW_LINK_SAY_PROMOTE, QW_LINK_RESULT_UNKNOWN },
        { QW_LINK_SAY_RETIRE, QW_LINK_RESULT_UNKNOWN },
        { QW_LINK_SAY_DROP, QW_LINK_RESULT_OK },
    };
    struct qw_link_request request = {
        .link = "main", .turn = 9, .has_key_id = true, .key_id = { 99 }
    };
    struct qw_link_answer answer;

    pair_run(pair, 2000, false);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        request.verb = rows[i].verb;
        qw_link_association_answer(r, &request, pair->now_ms, &answer);
        assert_int_equal(answer.result, rows[i].expected);
        assert_false(answer.has_proof);
    }
    request.verb = QW_LINK_SAY_PREPARE; /* and a key that was prepared is not used unproved */
    qw_link_association_answer(r, &request, pair->now_ms, &answer);
    assert_int_equal(answer.result, QW_LINK_RESULT_OK);
    request.verb = QW_LINK_SAY_PROMOTE;
    qw_link_association_answer(r, &request, pair->now_ms, &answer);
    assert_int_equal(answer.result, QW_LINK_RESULT_ORDER);
    request.verb = QW_LINK_SAY_PROVE; /* with a proof of zeros */
    qw_link_association_answer(r, &request, pair->now_ms, &answer);
    assert_int_equal(answer.result, QW_LINK_RESULT_WRONG_KEY);
    assert_false(answer.has_proof);
    assert_true(traffic_passes(pair));
    pair_run(pair, 3000, true); /* the next sync clears it away */
    assert_steady_on(pair, 1);
    qw_link_association_answer(pair->agents[QW_LINK_INITIATOR].association, &request, pair->now_ms,
                               &answer);
    assert_int_equal(answer.result, QW_LINK_RESULT_ORDER); /* nobody tells the initiator */
}

static void a_sink_that_fails_is_an_alarm_and_nothing_is_lost(void **state)
{
    struct pair *pair = *state;

    pair_run(pair, 2000, false);
    for (int role = 0; role < 2; role++) {
        pair->agents[role].end.fails = QW_ERR_IO;
        qw_link_association_rotate(pair->agents[QW_LINK_INITIATOR].association);
        pair_run(pair, 2000, true);
        assert_true(agent_status(pair, (enum qw_link_role)role).alarm[0] != '\0');
        pair->agents[role].end.fails = QW_OK;
        pair_run(pair, 20000, true);
        assert_steady_on(pair, pair->serial);
    }
}

static void a_record_that_cannot_be_written_stops_the_rotation_only(void **state)
{
    struct pair *pair = *state;

    pair_run(pair, 2000, false);
    assert_int_equal(unlink(pair->agents[QW_LINK_RESPONDER].path), 0);
    assert_int_equal(mkdir(pair->agents[QW_LINK_RESPONDER].path, 0700), 0); /* no rename over it */
    qw_link_association_rotate(pair->agents[QW_LINK_INITIATOR].association);
    pair_run(pair, 2000, true);
    assert_non_null(strstr(agent_status(pair, QW_LINK_INITIATOR).alarm, "failed"));
    assert_int_equal(rmdir(pair->agents[QW_LINK_RESPONDER].path), 0);
    pair_run(pair, 20000, true);
    assert_steady_on(pair, pair->serial);
}

static void a_sink_that_is_not_there_at_the_start_is_waited_for(void **state)
{
    struct pair *pair = *state;

    pair_run(pair, 2000, false);
    for (int role = 0; role < 2; role++) {
        struct agent *agent = &pair->agents[role];

        agent_kill(agent);
        agent->end.fails = QW_ERR_NOT_FOUND;
        agent->end.why = role == 0 ? "no such interface" : NULL;
        agent->end.is_blocked = true;
        pair_run(pair, 3000, false);
        assert_int_equal(agent_status(pair, agent->role).state, QW_LINK_DEGRADED);
        assert_false(agent_status(pair, agent->role).has_key);
        assert_string_equal(agent_status(pair, agent->role).alarm,
                            role == 0 ? "test does not take the key: no such interface"
                                      : "test does not take the key: not found");
        agent->end.fails = QW_OK;
        pair_run(pair, 3000, false);
        assert_steady_on(pair, 1); /* the key that was there before */
        assert_string_equal(agent_status(pair, QW_LINK_INITIATOR).alarm, "");
        assert_string_equal(agent_status(pair, QW_LINK_RESPONDER).alarm, "");
    }
}

static void a_record_that_cannot_be_read_stops_its_link_only(void **state)
{
    struct pair *pair = *state;
    struct agent *agent = &pair->agents[QW_LINK_RESPONDER];
    char aside[160];

    pair_run(pair, 2000, false);
    agent_kill(agent);
    (void)snprintf(aside, sizeof aside, "%s.aside", agent->path);
    assert_int_equal(rename(agent->path, aside), 0);
    assert_int_equal(mkdir(agent->path, 0700), 0);
    pair_run(pair, 2000, true); /* what was there goes on */
    assert_non_null(strstr(agent_status(pair, QW_LINK_RESPONDER).alarm, "its state"));
    assert_non_null(strstr(agent_status(pair, QW_LINK_INITIATOR).alarm, "failed"));
    assert_int_equal(rmdir(agent->path), 0);
    assert_int_equal(rename(aside, agent->path), 0);
    pair_run(pair, 3000, true);
    assert_steady_on(pair, 1);
}

/* A peer, or a hand at the sink, that always wants another key must not empty the key server. */
static void a_peer_that_is_never_content_gets_keys_ever_more_slowly(void **state)
{
    struct pair *pair = *state;

    pair->config.retry_ms = 1000;
    agent_kill(&pair->agents[QW_LINK_INITIATOR]);
    pair->config.rekey_ms = INT64_C(1000000000);
    pair->config.hard_ms = INT64_C(2000000000);
    pair_run(pair, 2000, false);
    assert_steady_on(pair, 1);
    pair->agents[QW_LINK_RESPONDER].end.is_well = false;
    pair_run(pair, 120000, true); /* 1, 2, 4 ... 64 s between them, where a heartbeat is 1 s */
    assert_in_range(pair->serial, 4, 9);
    qw_link_association_rotate(
        pair->agents[QW_LINK_INITIATOR].association); /* a command is not held up */
    pair_run(pair, 1000, true);
    assert_in_range(pair->serial, 5, 11);
    assert_int_equal(pair->agents[0].end.send[0], 0x40 + pair->serial);
}

static void the_responder_too_refuses_a_key_that_comes_again(void **state) /* S7 */
{
    struct pair *pair = *state;

    pair_run(pair, 2000, false);
    agent_kill(&pair->agents[QW_LINK_INITIATOR]);
    assert_int_equal(unlink(pair->agents[QW_LINK_INITIATOR].path), 0);
    pair->is_repeating = true; /* the initiator knows no key any more */
    pair_run(pair, 3000, false);
    assert_int_equal(pair->agents[QW_LINK_RESPONDER].end.send[0], 0x41);
    assert_true(pair->agents[QW_LINK_INITIATOR].end.is_blocked);
    assert_non_null(strstr(agent_status(pair, QW_LINK_INITIATOR).alarm, "no_key"));
    pair->is_repeating = false;
    pair_run(pair, 20000, false);
    assert_steady_on(pair, pair->serial);
}

static void a_sink_that_does_not_stop_a_key_over_its_lifetime_is_an_alarm(void **state)
{
    struct pair *pair = *state;

    pair_run(pair, 2000, false);
    pair->no_key = QW_ERR_EXHAUSTED;
    pair->agents[QW_LINK_RESPONDER].end.fails = QW_ERR_IO;
    pair_run(pair, 299500, false);
    qw_link_association_watch(pair->agents[QW_LINK_RESPONDER].association, pair->now_ms);
    assert_non_null(strstr(agent_status(pair, QW_LINK_RESPONDER).alarm, "cannot be stopped"));
    assert_false(agent_status(pair, QW_LINK_RESPONDER).is_blocked);
    pair->agents[QW_LINK_RESPONDER].end.fails = QW_OK;
    pair_run(pair, 2000, false);
    assert_true(pair->agents[1].end.is_blocked);
    assert_true(agent_status(pair, QW_LINK_RESPONDER).is_blocked);
}

/* S9: whoever's peer dies at its n-th contact in a rotation, for every n there is, and does not
 * come back, stops at the hard lifetime of the key it uses and not before; and when the peer is
 * back there is a new key. */
static void no_rotation_that_waits_holds_up_a_hard_lifetime(void **state)
{
    for (int who = 0; who < 2; who++) {
        bool has_died = true;

        for (int n = 1; has_died; n++) {
            enum qw_link_role other =
                who == QW_LINK_INITIATOR ? QW_LINK_RESPONDER : QW_LINK_INITIATOR;
            struct pair *pair;

            assert_true(n < 40);
            stop(state);
            start(state);
            pair = *state;
            pair->config.retry_ms = 1000;
            pair_run(pair, 2000, false);
            pair->stays_dead = true;
            pair->who = (enum qw_link_role)who;
            pair->countdown = n;
            qw_link_association_rotate(pair->agents[QW_LINK_INITIATOR].association);
            pair_run(pair, 5000, true);
            has_died = pair->countdown == 0;
            if (has_died) {
                pair_run(pair, 290000, true);
                assert_false(pair->agents[other].end.is_blocked);
                pair_run(pair, 15000, false);
                assert_true(pair->agents[other].end.is_blocked);
                assert_true(agent_status(pair, other).is_blocked);
                assert_true(agent_status(pair, other).alarms > 0);
            }
            pair->countdown = 0;
            pair->stays_dead = false;
            pair_run(pair, 70000, false);
            assert_steady_on(pair, pair->serial);
        }
    }
}

/* L14 */
static void what_another_hand_undoes_is_done_again_and_told(void **state)
{
    struct pair *pair = *state;

    pair_run(pair, 2000, false);
    for (int role = 0; role < 2; role++) {
        struct agent *agent = &pair->agents[role];
        uint64_t alarms = agent_status(pair, agent->role).alarms;

        agent->end.is_undone = true;
        pair->is_cut = true; /* this end alone */
        pair_run(pair, 1100, true);
        assert_false(agent->end.is_undone);
        assert_true(agent_status(pair, agent->role).alarms > alarms);
        pair->is_cut = false;
        pair_run(pair, 3000, true);
        assert_steady_on(pair, 1); /* no other key is needed */
        assert_string_equal(agent_status(pair, agent->role).alarm, "");
    }
}

static void a_sink_is_looked_at_more_often_than_agents_may_speak(void **state) /* L14 */
{
    struct pair *pair = *state;

    pair->config.heartbeat_ms = 100000;
    agent_kill(&pair->agents[0]);
    agent_kill(&pair->agents[1]);
    pair_run(pair, 2000, false);
    for (int role = 0; role < 2; role++) {
        pair->agents[role].end.is_undone = true;
        pair_run(pair, 5100, true);
        assert_false(pair->agents[role].end.is_undone);
    }
}

static void a_sink_that_is_away_is_an_alarm_and_costs_no_key(void **state)
{
    struct pair *pair = *state;
    struct agent *agent = &pair->agents[QW_LINK_INITIATOR];

    pair_run(pair, 2000, false);
    agent->end.fails = QW_ERR_NOT_FOUND;
    agent->end.why = "no such interface";
    pair_run(pair, 2000, true);
    assert_string_equal(agent_status(pair, agent->role).alarm, "test: no such interface");
    pair->is_cut = true; /* what is wrong here comes first */
    pair_run(pair, 10000, true);
    assert_string_equal(agent_status(pair, agent->role).alarm, "test: no such interface");
    assert_int_equal(agent_status(pair, agent->role).alarms, 1);
    pair->is_cut = false;
    qw_link_association_rotate(agent->association);
    pair_run(pair, 10000, true);
    assert_int_equal(pair->serial, 1);
    agent->end.fails = QW_OK;
    pair_run(pair, 3000, true);
    assert_steady_on(pair, 2);
    assert_string_equal(agent_status(pair, agent->role).alarm, "");
}

static void an_end_whose_sink_was_away_goes_on_when_it_is_back(void **state)
{
    struct pair *pair = *state;

    pair->config.retry_ms = 1000;
    agent_kill(&pair->agents[QW_LINK_INITIATOR]);
    pair_run(pair, 2000, false);
    pair->who = QW_LINK_INITIATOR;
    for (int n = 1; agent_status(pair, QW_LINK_INITIATOR).state != QW_LINK_PROMOTE; n++) {
        assert_true(n < 100); /* to where there is no way back */
        if (n == 1) {
            qw_link_association_rotate(pair->agents[QW_LINK_INITIATOR].association);
        }
        (void)qw_link_association_step(pair->agents[QW_LINK_INITIATOR].association, pair->now_ms);
    }
    pair->agents[QW_LINK_INITIATOR].end.fails = QW_ERR_NOT_FOUND;
    pair_run(pair, 100000, false);
    assert_int_equal(agent_status(pair, QW_LINK_INITIATOR).state, QW_LINK_PROMOTE);
    pair->agents[QW_LINK_INITIATOR].end.fails = QW_OK;
    pair_run(pair, 3000, false); /* soon, however long it was away */
    assert_steady_on(pair, 2);
}

static void a_key_of_zeros_is_none(void **state) /* S7 */
{
    struct pair *pair = *state;

    pair_run(pair, 2000, false);
    for (int role = 0; role < 2; role++) {
        pair->gives_zeros[role] = true;
        qw_link_association_rotate(pair->agents[QW_LINK_INITIATOR].association);
        pair_run(pair, 3000, true);
        assert_int_equal(pair->agents[0].end.send[0], 0x41);
        assert_int_equal(pair->agents[1].end.send[0], 0x41);
        assert_non_null(strstr(agent_status(pair, (enum qw_link_role)role).alarm, "of zeros"));
        pair->gives_zeros[role] = false;
    }
    pair_run(pair, 20000, true);
    assert_steady_on(pair, pair->serial);
}

static void an_open_link_over_its_lifetime_says_so_after_a_rotation_that_fails(void **state)
{
    struct pair *pair = *state;

    pair->config.fails_open = true;
    agent_kill(&pair->agents[0]);
    agent_kill(&pair->agents[1]);
    pair_run(pair, 2000, false);
    pair->no_by_id = QW_ERR_NOT_FOUND; /* each rotation is begun, and given up */
    pair_run(pair, 400000, true);
    for (int role = 0; role < 2; role++) {
        assert_int_equal(agent_status(pair, (enum qw_link_role)role).state, QW_LINK_DEGRADED);
    }
    pair->no_by_id = QW_OK;
    pair_run(pair, 20000, true);
    assert_steady_on(pair, pair->serial);
}

static void quiet_links_beat_together(void **state)
{
    enum { HEARTBEAT_MS = 3200, APART_MS = HEARTBEAT_MS / 32 };
    struct pair *pair = *state;

    for (int role = 0; role < 2; role++) {
        agent_kill(&pair->agents[role]);
    }
    pair->config.heartbeat_ms = HEARTBEAT_MS;
    pair->config.rekey_ms = INT64_C(1000000000);
    pair->config.hard_ms = INT64_C(2000000000);
    pair_run(pair, 3LL * HEARTBEAT_MS, false);
    assert_steady_on(pair, 1);
    for (int i = 0; i < 100; i++) {
        int64_t next_ms;

        pair->now_ms += HEARTBEAT_MS + 37;
        next_ms = qw_link_association_step(pair->agents[i % 2].association, pair->now_ms);
        assert_int_equal(next_ms % APART_MS, 0);
        assert_in_range(next_ms - pair->now_ms, HEARTBEAT_MS - APART_MS + 1, HEARTBEAT_MS);
    }
}

static void settings_that_cannot_be_and_no_memory_are_refused(void **state)
{
    struct pair *pair = *state;
    struct qw_link_config good = pair->config;

    agent_kill(&pair->agents[0]);
    pair->config.hard_ms = pair->config.rekey_ms;
    assert_int_equal(agent_start(pair, QW_LINK_INITIATOR), QW_ERR_ARG);
    pair->config = good;
    pair->config.jitter = 1;
    assert_int_equal(agent_start(pair, QW_LINK_INITIATOR), QW_ERR_ARG);
    pair->config = good;
    fail_nth = 1;
    assert_int_equal(agent_start(pair, QW_LINK_INITIATOR), QW_ERR_NOMEM);
    fail_nth = 2; /* the record's buffer */
    assert_int_equal(agent_start(pair, QW_LINK_INITIATOR), QW_ERR_NOMEM);
    fail_nth = 0;
    assert_int_equal(agent_start(pair, QW_LINK_INITIATOR), QW_OK);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, start, stop)
    static const struct CMUnitTest tests[] = {
        CASE(nothing_passes_before_the_first_key),
        CASE(keys_change_by_time_with_traffic_passing_all_the_while),
        CASE(keys_change_by_command_at_either_end_and_by_bytes),
        CASE(a_crash_anywhere_leaves_traffic_and_one_answer),
        CASE(a_crash_in_the_first_rotation_ends_with_a_key_too),
        CASE(a_key_is_as_old_as_it_is_when_the_responder_restarts_with_it),
        CASE(wrong_bytes_at_one_end_leave_the_old_key),
        CASE(a_probe_that_does_not_get_through_leaves_the_old_key),
        CASE(a_key_that_comes_again_is_refused),
        CASE(a_key_that_the_responder_cannot_fetch_changes_nothing),
        CASE(a_certificate_that_is_refused_is_an_alarm_in_words),
        CASE(closed_traffic_stops_at_the_hard_lifetime_and_not_before),
        CASE(open_traffic_goes_on_with_an_alarm),
        CASE(ends_that_differ_are_brought_together),
        CASE(a_peer_with_another_policy_gets_no_rotation),
        CASE(a_tunnel_that_is_not_well_gets_a_new_key),
        CASE(an_older_turn_is_stale),
        CASE(verbs_out_of_order_change_nothing),
        CASE(a_sink_that_fails_is_an_alarm_and_nothing_is_lost),
        CASE(a_record_that_cannot_be_written_stops_the_rotation_only),
        CASE(a_sink_that_is_not_there_at_the_start_is_waited_for),
        CASE(a_record_that_cannot_be_read_stops_its_link_only),
        CASE(a_peer_that_is_never_content_gets_keys_ever_more_slowly),
        CASE(the_responder_too_refuses_a_key_that_comes_again),
        CASE(a_sink_that_does_not_stop_a_key_over_its_lifetime_is_an_alarm),
        CASE(no_rotation_that_waits_holds_up_a_hard_lifetime),
        CASE(what_another_hand_undoes_is_done_again_and_told),
        CASE(a_sink_is_looked_at_more_often_than_agents_may_speak),
        CASE(a_sink_that_is_away_is_an_alarm_and_costs_no_key),
        CASE(an_end_whose_sink_was_away_goes_on_when_it_is_back),
        CASE(a_key_of_zeros_is_none),
        CASE(an_open_link_over_its_lifetime_says_so_after_a_rotation_that_fails),
        CASE(quiet_links_beat_together),
        CASE(settings_that_cannot_be_and_no_memory_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
