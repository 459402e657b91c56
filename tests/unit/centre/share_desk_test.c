/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C6 C10 W14 */
/* Rehearsal, change and rotation with the officers' shares [docs/protocol/ceremony.md E1 to K3]. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "centre/approval/approval.h"
#include "centre/custody/custody_move.h"
#include "centre/kek/kek.h"
#include "centre/people/officer.h"
#include "centre/share/share_desk.h"
#include "crypto/share/custody_quorum.h"
#include "unit/centre/scene.h"

#include <stdio.h>

enum { T = 3, N = 5, NEXT_T = 2, NEXT_N = 3 };

static int64_t monotonic_ms = 1000;
int64_t __wrap_qw_clock_monotonic_ms(void);
int64_t __wrap_qw_clock_monotonic_ms(void)
{
    return monotonic_ms;
}

static struct qw_ceremony ceremony;
static struct qw_share old[N];
static struct qw_share next[NEXT_N];
static uint8_t master[QW_MASTER_KEY_LEN];

/* A centre in service whose KEK a quorum keeps. */
static int make(void **state)
{
    struct qw_custody custody;
    struct scene *scene;

    scene_make(state);
    scene = *state;
    assert_int_equal(qw_ceremony_hold(T, N, &ceremony, old, master), QW_OK);
    assert_int_equal(qw_custody_quorum(&ceremony, master, &custody), QW_OK);
    assert_int_equal(qw_centre_custody_move(scene->centre, &scene->operator_caller, &custody),
                     QW_OK);
    qw_custody_close(&custody);
    monotonic_ms = 1000;
    return 0;
}

static struct qw_caller person(const char *id)
{
    char identity[128];

    (void)snprintf(identity, sizeof identity, "urn:qwave:officer:%s", id);
    return caller_of(identity);
}

static qw_err enter_by(struct scene *scene, const char *who, enum qw_share_purpose purpose,
                       const struct qw_share *share, enum qw_seal_verdict *verdict)
{
    struct qw_caller caller = person(who);
    uint8_t bytes[QW_SHARE_LEN];

    qw_share_encode(share, bytes);
    return qw_centre_share_enter(scene->centre, &caller, purpose, bytes, sizeof bytes, verdict);
}

static enum qw_seal_verdict enter(struct scene *scene, enum qw_share_purpose purpose,
                                  const struct qw_share *share)
{
    enum qw_seal_verdict verdict = QW_SEAL_VERDICT_COUNT;

    assert_int_equal(enter_by(scene, "alice", purpose, share, &verdict), QW_OK);
    return verdict;
}

static struct qw_share_state look(struct scene *scene)
{
    struct qw_caller caller = person("alice");
    struct qw_share_state state;

    assert_int_equal(qw_centre_share_look(scene->centre, &caller, &state), QW_OK);
    return state;
}

static qw_err begin(struct scene *scene, uint8_t threshold, uint8_t officers)
{
    struct qw_caller caller = person("alice");

    return qw_centre_share_begin(scene->centre, &caller, threshold, officers);
}

static qw_err take_by(struct scene *scene, const char *who, struct qw_share *share)
{
    struct qw_caller caller = person(who);
    uint8_t bytes[QW_SHARE_LEN];
    qw_err err = qw_centre_share_take(scene->centre, &caller, bytes);

    if (err == QW_OK) {
        assert_int_equal(qw_share_decode(bytes, sizeof bytes, share), QW_OK);
    }
    return err;
}

static qw_err confirm_by(struct scene *scene, const char *who, const struct qw_share *share,
                         bool *is_done)
{
    struct qw_caller caller = person(who);
    uint8_t bytes[QW_SHARE_LEN];

    qw_share_encode(share, bytes);
    return qw_centre_share_confirm(scene->centre, &caller, bytes, sizeof bytes, is_done);
}

static void to_handing(struct scene *scene)
{
    assert_int_equal(begin(scene, NEXT_T, NEXT_N), QW_OK);
    for (int i = 0; i < T; i++) {
        assert_int_equal(enter(scene, QW_SHARE_TO_CHANGE, &old[i]),
                         i == T - 1 ? QW_SEAL_OPENED : QW_SEAL_TAKEN);
    }
    assert_int_equal(look(scene).step, QW_SHARE_HANDING);
}

static const char *const holders[NEXT_N] = { "a", "b", "c" };

static void to_last_confirmation(struct scene *scene)
{
    bool is_done = true;

    to_handing(scene);
    for (int i = 0; i < NEXT_N; i++) {
        assert_int_equal(take_by(scene, holders[i], &next[i]), QW_OK);
    }
    for (int i = 0; i < NEXT_N - 1; i++) {
        assert_int_equal(confirm_by(scene, holders[i], &next[i], &is_done), QW_OK);
        assert_false(is_done);
    }
}

/* Whether a quorum of the shares opens the store as it stands. */
static bool opens(struct scene *scene, const struct qw_share *shares, unsigned count)
{
    struct qw_share_set *set = qw_secret_new(sizeof *set);
    struct qw_custody custody = { 0 };
    enum qw_seal_verdict verdict;
    uint8_t kek[QW_KEK_LEN];
    uint8_t bytes[QW_SHARE_LEN];
    bool all_taken = true;

    assert_non_null(set);
    assert_int_equal(qw_share_set_read(set, &scene->store), QW_OK);
    for (unsigned i = 0; i < count && all_taken; i++) {
        qw_share_encode(&shares[i], bytes);
        assert_int_equal(qw_share_set_judge(set, bytes, sizeof bytes, &verdict), QW_OK);
        all_taken = verdict == QW_SEAL_TAKEN;
        if (all_taken) {
            (void)qw_share_set_add(set);
        }
    }
    all_taken = all_taken && qw_share_set_open(set, &custody, kek) == QW_OK;
    qw_custody_close(&custody);
    qw_secret_free(set);
    return all_taken;
}

static const char *last_detail(struct scene *scene)
{
    static struct last_record last;
    uint64_t records, broken;

    assert_int_equal(qw_audit_verify(&scene->store, keep_last, &last, &records, &broken), QW_OK);
    return last.record.event.detail;
}

static void three_of_five_rehearse_and_nothing_changes(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(enter(scene, QW_SHARE_TO_REHEARSE, &old[4]), QW_SEAL_TAKEN);
    assert_string_equal(last_detail(scene), "share 5, 1 of 3");
    assert_int_equal(look(scene).step, QW_SHARE_REHEARSING);
    assert_int_equal(enter(scene, QW_SHARE_TO_REHEARSE, &old[0]), QW_SEAL_TAKEN);
    assert_int_equal(enter(scene, QW_SHARE_TO_REHEARSE, &old[2]), QW_SEAL_OPENED);
    assert_string_equal(last_detail(scene), "rehearsed: these shares open this store");
    assert_int_equal(look(scene).step, QW_SHARE_IDLE);
    assert_int_equal(look(scene).entered, 0);
    assert_true(opens(scene, old, T));
    assert_int_equal(enter(scene, QW_SHARE_TO_REHEARSE, &old[1]), QW_SEAL_TAKEN); /* the next one */
    assert_journal_whole(scene);
}

static void a_share_that_does_not_work_is_named(void **state)
{
    struct scene *scene = *state;
    struct qw_caller caller = person("alice");
    struct qw_share altered = old[1], forged = old[2];
    struct qw_ceremony other;
    struct qw_share others[NEXT_N];
    uint8_t key[QW_MASTER_KEY_LEN];
    enum qw_seal_verdict verdict;

    assert_int_equal(qw_ceremony_hold(NEXT_T, NEXT_N, &other, others, key), QW_OK);
    assert_int_equal(enter(scene, QW_SHARE_TO_REHEARSE, &others[0]), QW_SEAL_OTHER_CEREMONY);
    altered.payload[7] ^= 1;
    assert_int_equal(enter(scene, QW_SHARE_TO_REHEARSE, &altered), QW_SEAL_ALTERED);
    assert_int_equal(qw_centre_share_enter(scene->centre, &caller, QW_SHARE_TO_REHEARSE,
                                           (const uint8_t *)"?", 1, &verdict),
                     QW_OK);
    assert_int_equal(verdict, QW_SEAL_MALFORMED);
    assert_int_equal(look(scene).step, QW_SHARE_IDLE);
    assert_int_equal(enter(scene, QW_SHARE_TO_REHEARSE, &old[0]), QW_SEAL_TAKEN);
    assert_int_equal(enter(scene, QW_SHARE_TO_REHEARSE, &old[0]), QW_SEAL_TWICE);
    assert_string_equal(last_detail(scene), "this officer's share is entered already");
    assert_int_equal(enter(scene, QW_SHARE_TO_REHEARSE, &old[1]), QW_SEAL_TAKEN);
    forged.payload[0] ^= 1;
    assert_int_equal(qw_share_check(ceremony.check_key, &forged, forged.check), QW_OK);
    assert_int_equal(enter(scene, QW_SHARE_TO_REHEARSE, &forged), QW_SEAL_NO_KEY);
    assert_int_equal(look(scene).entered, 0);
    assert_int_equal(enter_by(scene, "alice", QW_SHARE_TO_REHEARSE, &old[0], &verdict),
                     QW_ERR_LIMIT);
    monotonic_ms += 2500;
    assert_int_equal(enter(scene, QW_SHARE_TO_REHEARSE, &old[0]), QW_SEAL_TAKEN);
    assert_journal_whole(scene);
}

static void the_change_makes_the_old_shares_worthless(void **state)
{
    struct scene *scene = *state;
    struct qw_share again;
    bool is_done = false;

    to_last_confirmation(scene);
    assert_int_equal(look(scene).handed, NEXT_N);
    assert_int_equal(look(scene).confirmed, NEXT_N - 1);
    assert_true(opens(scene, old, T)); /* up to the last one */
    assert_false(opens(scene, next, NEXT_T));
    assert_int_equal(take_by(scene, "c", &again), QW_OK); /* the answer was lost */
    assert_memory_equal(&again, &next[2], sizeof again);
    assert_int_equal(confirm_by(scene, "c", &next[2], &is_done), QW_OK);
    assert_true(is_done);
    assert_string_equal(last_detail(scene), "done: 2 of 3 instead of 3 of 5");
    assert_false(opens(scene, old, T));
    assert_true(opens(scene, next, NEXT_T));
    assert_true(opens(scene, next + 1, NEXT_T));
    assert_int_equal(look(scene).threshold, NEXT_T);
    assert_int_equal(enter(scene, QW_SHARE_TO_REHEARSE, &old[0]), QW_SEAL_OTHER_CEREMONY);
    assert_int_equal(enter(scene, QW_SHARE_TO_REHEARSE, &next[2]), QW_SEAL_TAKEN);
    assert_int_equal(enter(scene, QW_SHARE_TO_REHEARSE, &next[0]), QW_SEAL_OPENED);
    assert_journal_whole(scene);
}

/* Not even by their master key, on the record of now. */
static void the_old_master_key_opens_nothing(void **state)
{
    struct scene *scene = *state;
    struct qw_store_record record = { 0 };
    struct qw_ceremony now;
    struct qw_custody custody;
    uint8_t kek[QW_KEK_LEN];
    bool is_done;

    to_last_confirmation(scene);
    assert_int_equal(confirm_by(scene, "c", &next[2], &is_done), QW_OK);
    assert_int_equal(scene->store.get(scene->store.self, QW_STORE_META, "kek", 3, &record), QW_OK);
    assert_int_equal(qw_custody_quorum_ceremony(record.blob, record.len, &now), QW_OK);
    assert_memory_not_equal(now.id, ceremony.id, sizeof now.id);
    assert_int_equal(qw_custody_quorum(&now, master, &custody), QW_OK);
    assert_int_equal(custody.unwrap(custody.self, record.blob, record.len, kek), QW_ERR_AUTH);
    qw_custody_close(&custody);
    qw_store_record_free(&record);
}

static void each_share_goes_to_another_person(void **state)
{
    struct scene *scene = *state;
    struct qw_share share, twisted;
    bool is_done;

    to_handing(scene);
    assert_int_equal(take_by(scene, "a", &next[0]), QW_OK);
    assert_string_equal(last_detail(scene), "share 1 of 3");
    assert_int_equal(take_by(scene, "b", &next[1]), QW_OK);
    assert_int_equal(take_by(scene, "c", &next[2]), QW_OK);
    assert_int_equal(take_by(scene, "d", &share), QW_ERR_CONFLICT);
    assert_int_equal(confirm_by(scene, "d", &next[0], &is_done), QW_ERR_STATE);
    assert_int_equal(confirm_by(scene, "b", &next[0], &is_done), QW_ERR_AUTH);
    twisted = next[1];
    twisted.payload[31] ^= 0x80;
    assert_int_equal(confirm_by(scene, "b", &twisted, &is_done), QW_ERR_AUTH);
    assert_int_equal(confirm_by(scene, "b", &next[1], &is_done), QW_OK);
    assert_int_equal(confirm_by(scene, "b", &next[1], &is_done), QW_ERR_CONFLICT);
    assert_int_equal(take_by(scene, "b", &share), QW_ERR_CONFLICT);
    assert_int_equal(look(scene).confirmed, 1);
}

static void a_rehearsal_is_no_change_and_the_other_way_round(void **state)
{
    struct scene *scene = *state;
    struct qw_share share;
    enum qw_seal_verdict verdict;
    bool is_done;

    assert_int_equal(enter_by(scene, "alice", QW_SHARE_TO_CHANGE, &old[0], &verdict), QW_ERR_STATE);
    assert_int_equal(take_by(scene, "a", &share), QW_ERR_STATE);
    assert_int_equal(confirm_by(scene, "a", &old[0], &is_done), QW_ERR_STATE);
    assert_int_equal(enter(scene, QW_SHARE_TO_REHEARSE, &old[0]), QW_SEAL_TAKEN);
    assert_int_equal(begin(scene, NEXT_T, NEXT_N), QW_ERR_STATE);
    assert_int_equal(enter_by(scene, "alice", QW_SHARE_TO_CHANGE, &old[1], &verdict), QW_ERR_STATE);
    assert_string_equal(last_detail(scene), "a rehearsal is under way");
    assert_int_equal(qw_centre_share_cancel(scene->centre, &scene->operator_caller), QW_OK);
    assert_int_equal(qw_centre_share_cancel(scene->centre, &scene->operator_caller), QW_ERR_STATE);
    assert_int_equal(begin(scene, NEXT_T, NEXT_N), QW_OK);
    assert_int_equal(enter_by(scene, "alice", QW_SHARE_TO_REHEARSE, &old[1], &verdict),
                     QW_ERR_STATE);
    assert_int_equal(take_by(scene, "a", &share), QW_ERR_STATE);
    assert_int_equal(begin(scene, NEXT_T, NEXT_N), QW_ERR_STATE);
    assert_int_equal(begin(scene, 1, 3), QW_ERR_ARG);
    assert_int_equal(begin(scene, 4, 3), QW_ERR_ARG);
    assert_int_equal(begin(scene, 2, 17), QW_ERR_ARG);
}

/* X6: whatever ends it before the last confirmation, the shares of now are those of now. */
static void a_change_that_ends_early_leaves_the_old_shares(void **state)
{
    struct scene *scene = *state;
    bool is_done;

    to_last_confirmation(scene);
    monotonic_ms += 899999;
    assert_int_equal(qw_centre_sweep(scene->centre), QW_OK);
    assert_int_equal(look(scene).step, QW_SHARE_HANDING);
    monotonic_ms += 1;
    assert_int_equal(qw_centre_sweep(scene->centre), QW_OK);
    assert_int_equal(look(scene).step, QW_SHARE_IDLE);
    assert_string_equal(last_detail(scene), "no further step came in time");
    assert_int_equal(confirm_by(scene, "c", &next[2], &is_done), QW_ERR_STATE);
    assert_true(opens(scene, old, T));
    to_last_confirmation(scene);
    assert_int_equal(qw_centre_share_cancel(scene->centre, &scene->operator_caller), QW_OK);
    assert_string_equal(last_detail(scene), "handing");
    assert_true(opens(scene, old, T));
    assert_false(opens(scene, next, NEXT_T));
}

/* The n-th write fails, at each step of all: either set works at every moment, and the officer
 * whose step failed goes on with it. */
static void a_write_that_fails_at_any_step_leaves_one_set_that_works(void **state)
{
    struct scene *scene = *state;
    bool is_done = false;

    to_last_confirmation(scene);
    scene->fail_at = scene->submits + 1;
    assert_int_equal(confirm_by(scene, "c", &next[2], &is_done), QW_ERR_IO);
    assert_false(is_done);
    assert_true(opens(scene, old, T));
    assert_false(opens(scene, next, NEXT_T));
    assert_int_equal(confirm_by(scene, "c", &next[2], &is_done), QW_OK);
    assert_true(is_done);
    assert_true(opens(scene, next, NEXT_T));
    for (int step = 0; step < 2; step++) { /* before: a share is neither taken nor handed out */
        enum qw_seal_verdict verdict;
        struct qw_share share;

        scene->fail_at = scene->submits + 1;
        if (step == 0) {
            assert_int_equal(enter_by(scene, "alice", QW_SHARE_TO_REHEARSE, &next[0], &verdict),
                             QW_ERR_IO);
        } else {
            assert_int_equal(begin(scene, 2, 2), QW_ERR_IO);
            assert_int_equal(take_by(scene, "a", &share), QW_ERR_STATE);
        }
        assert_int_equal(look(scene).step, QW_SHARE_IDLE);
        assert_int_equal(look(scene).entered, 0);
    }
    assert_journal_whole(scene);
}

/* Durable, and the answer said it failed: the last officer asks again and is told the truth. */
static qw_err submit_then_fail(void *self, const struct qw_store_op *ops, size_t count)
{
    struct scene *scene = self;
    qw_err err = scene->store.submit(scene->store.self, ops, count);

    return err == QW_OK ? QW_ERR_TIMEOUT : err;
}

static void a_change_that_was_durable_unknown_to_us_is_found(void **state)
{
    struct scene *scene = *state;
    qw_err (*submit)(void *self, const struct qw_store_op *ops, size_t count) =
        scene->failing.submit;
    bool is_done = false;

    to_last_confirmation(scene);
    scene->failing.submit = submit_then_fail;
    assert_int_not_equal(confirm_by(scene, "c", &next[2], &is_done), QW_OK);
    scene->failing.submit = submit;
    assert_true(opens(scene, next, NEXT_T));
    assert_int_equal(confirm_by(scene, "c", &next[2], &is_done), QW_OK);
    assert_true(is_done);
}

static void another_custody_meanwhile_ends_the_change(void **state)
{
    struct scene *scene = *state;
    bool is_done;

    to_last_confirmation(scene);
    assert_int_equal(
        qw_centre_custody_move(scene->centre, &scene->operator_caller, &scene->custody), QW_OK);
    assert_int_equal(confirm_by(scene, "c", &next[2], &is_done), QW_ERR_STATE);
    assert_int_equal(begin(scene, NEXT_T, NEXT_N), QW_ERR_STATE);
    assert_string_equal(last_detail(scene), "no quorum keeps the master key");
}

static void two_officers_begin_where_it_takes_two(void **state)
{
    struct scene *scene = *state;
    struct qw_caller first, second = person("sec-2");
    struct qw_request_wish wish = { .verb = QW_REQUEST_SHARE_CHANGE, .object = "2-of-3" };
    struct qw_request request;
    static const char *const wrong[] = { "",        "2",       "2-of-",   "1-of-3",  "4-of-3",
                                         "2-of-17", "02-of-3", "2-of-3 ", "2 -of-3", "two-of-3" };

    assert_int_equal(qw_centre_officer_add(scene->centre, &scene->operator_caller, "sec-2",
                                           QW_OFFICER_SECURITY, "/"),
                     QW_OK);
    scene->config.dual_control = QW_DUAL_CONTROL_ALL;
    scene->config.custody = &scene->custody;
    assert_int_equal(
        qw_centre_custody_move(scene->centre, &scene->operator_caller, &scene->custody), QW_OK);
    scene_restart(scene);
    {
        struct qw_custody custody;

        assert_int_equal(qw_custody_quorum(&ceremony, master, &custody), QW_OK);
        assert_int_equal(qw_centre_custody_move(scene->centre, &scene->operator_caller, &custody),
                         QW_OK);
        qw_custody_close(&custody);
    }
    first = scene->operator_caller;
    memset(first.certificate_hash, 1, sizeof first.certificate_hash);
    memset(second.certificate_hash, 2, sizeof second.certificate_hash);
    assert_int_equal(qw_centre_share_begin(scene->centre, &first, 2, 3), QW_ERR_STATE);
    assert_string_equal(last_detail(scene), "needs two officers");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        wish.object = wrong[i];
        assert_int_equal(qw_centre_request_ask(scene->centre, &first, &wish, &request), QW_ERR_ARG);
    }
    wish.object = "2-of-3";
    assert_int_equal(qw_centre_request_ask(scene->centre, &first, &wish, &request), QW_OK);
    assert_int_equal(qw_centre_request_approve(scene->centre, &first, request.id, request.digest),
                     QW_ERR_REFUSED);
    assert_int_equal(look(scene).step, QW_SHARE_IDLE);
    assert_int_equal(qw_centre_request_approve(scene->centre, &second, request.id, request.digest),
                     QW_OK);
    assert_int_equal(look(scene).step, QW_SHARE_ENTERING);
    assert_int_equal(look(scene).next_officers, 3);
    assert_journal_whole(scene);
}

static struct qw_kek_state kek_of(struct scene *scene)
{
    struct qw_kek_state state;

    assert_int_equal(qw_centre_kek_look(scene->centre, &scene->operator_caller, &state), QW_OK);
    return state;
}

static qw_err open_nothing(void *self, struct qw_custody *custody, char why[static QW_KEK_WHY_CAP])
{
    (void)self;
    (void)custody;
    (void)why;
    fail(); /* of a quorum's master key nobody else knows */
    return QW_ERR_REFUSED;
}

static qw_err work(struct scene *scene, bool *is_more)
{
    const struct qw_custody_port port = { .open = open_nothing };

    return qw_centre_kek_work(scene->centre, &port, is_more);
}

static void assert_waits(struct scene *scene)
{
    bool is_more = true;

    assert_int_equal(work(scene, &is_more), QW_OK);
    assert_false(is_more);
    assert_int_equal(kek_of(scene).phase, QW_KEK_ORDERED);
}

static void enter_for_rotation(struct scene *scene)
{
    for (int i = 0; i < T; i++) {
        assert_int_equal(enter(scene, QW_SHARE_TO_ROTATE, &old[i]),
                         i == T - 1 ? QW_SEAL_OPENED : QW_SEAL_TAKEN);
        assert_int_equal(look(scene).step, QW_SHARE_ROTATING);
    }
}

static void work_to_the_end(struct scene *scene)
{
    bool is_more = true;

    while (is_more) {
        assert_int_equal(work(scene, &is_more), QW_OK);
    }
    assert_int_equal(kek_of(scene).phase, QW_KEK_IDLE);
}

/* K1, K2: the order waits for a quorum, whose shares stay what they were. */
static void a_quorum_rotates_the_kek_and_keeps_its_shares(void **state)
{
    struct scene *scene = *state;
    enum qw_seal_verdict verdict;
    uint8_t before[QW_KEK_LEN];

    memcpy(before, scene->centre->kek, sizeof before);
    assert_int_equal(enter_by(scene, "alice", QW_SHARE_TO_ROTATE, &old[0], &verdict), QW_ERR_STATE);
    assert_string_equal(last_detail(scene), "no KEK was ordered");
    assert_int_equal(qw_centre_kek_rotate(scene->centre, &scene->operator_caller), QW_OK);
    assert_waits(scene);
    assert_int_equal(enter(scene, QW_SHARE_TO_ROTATE, &old[4]), QW_SEAL_TAKEN);
    assert_int_equal(enter(scene, QW_SHARE_TO_ROTATE, &old[4]), QW_SEAL_TWICE);
    assert_int_equal(enter_by(scene, "alice", QW_SHARE_TO_REHEARSE, &old[1], &verdict),
                     QW_ERR_STATE);
    assert_string_equal(last_detail(scene), "a rotation is under way");
    assert_int_equal(begin(scene, NEXT_T, NEXT_N), QW_ERR_STATE);
    assert_waits(scene);
    assert_int_equal(enter(scene, QW_SHARE_TO_ROTATE, &old[1]), QW_SEAL_TAKEN);
    assert_int_equal(enter(scene, QW_SHARE_TO_ROTATE, &old[2]), QW_SEAL_OPENED);
    assert_int_equal(enter_by(scene, "alice", QW_SHARE_TO_ROTATE, &old[3], &verdict), QW_ERR_STATE);
    assert_string_equal(last_detail(scene), "enough shares are entered already");
    work_to_the_end(scene);
    assert_int_equal(kek_of(scene).generation, 2);
    assert_int_equal(look(scene).step, QW_SHARE_IDLE);
    assert_memory_not_equal(scene->centre->kek, before, sizeof before);
    assert_true(opens(scene, old, T));
    assert_true(opens(scene, old + 2, T));
    assert_journal_whole(scene);
}

/* K3, and what else ends the waiting: nothing of the shares stays, and the order only when nobody
 * dropped it. */
static void shares_for_a_rotation_are_forgotten_and_an_order_is_dropped(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(qw_centre_kek_rotate(scene->centre, &scene->operator_caller), QW_OK);
    enter_for_rotation(scene);
    monotonic_ms += 900000;
    assert_int_equal(qw_centre_sweep(scene->centre), QW_OK);
    assert_int_equal(look(scene).step, QW_SHARE_IDLE);
    assert_waits(scene);
    enter_for_rotation(scene);
    assert_int_equal(qw_centre_share_cancel(scene->centre, &scene->operator_caller), QW_OK);
    assert_int_equal(look(scene).step, QW_SHARE_IDLE);
    assert_int_equal(kek_of(scene).phase, QW_KEK_IDLE);
    assert_non_null(strstr(kek_of(scene).why, "dropped by "));
    assert_int_equal(qw_centre_kek_rotate(scene->centre, &scene->operator_caller), QW_OK);
    assert_int_equal(qw_centre_share_cancel(scene->centre, &scene->operator_caller), QW_OK);
    assert_int_equal(kek_of(scene).phase, QW_KEK_IDLE);
    assert_int_equal(kek_of(scene).generation, 1);
    assert_true(opens(scene, old, T));
}

/* The n-th write fails, at each step: the officers begin again, and nothing is between. */
static void a_write_that_fails_in_a_rotation_leaves_shares_that_open(void **state)
{
    struct scene *scene = *state;
    bool is_through = false;
    int n = 0;

    assert_int_equal(qw_centre_kek_rotate(scene->centre, &scene->operator_caller), QW_OK);
    while (!is_through) {
        enum qw_seal_verdict verdict = QW_SEAL_TAKEN;
        bool is_more = true;
        qw_err err = QW_OK;

        assert_true(++n < 20);
        scene->submits = 0;
        scene->fail_at = n;
        for (int i = 0; i < T && err == QW_OK; i++) {
            err = enter_by(scene, "alice", QW_SHARE_TO_ROTATE, &old[i], &verdict);
        }
        while (err == QW_OK && is_more) {
            err = work(scene, &is_more);
        }
        scene->fail_at = 0;
        is_through = err == QW_OK;
        assert_true(opens(scene, old, T));
        if (kek_of(scene).phase == QW_KEK_TURNING) {
            work_to_the_end(scene);
            is_through = true;
        } else if (!is_through && look(scene).step != QW_SHARE_IDLE) {
            monotonic_ms += 900000;
            assert_int_equal(qw_centre_sweep(scene->centre), QW_OK);
        }
    }
    assert_true(n > T + 1); /* each share, the last one's outcome, the turn */
    assert_int_equal(kek_of(scene).generation, 2);
    assert_true(opens(scene, old, T));
    assert_journal_whole(scene);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, make, scene_remove)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(three_of_five_rehearse_and_nothing_changes),
        TEST(a_share_that_does_not_work_is_named),
        TEST(the_change_makes_the_old_shares_worthless),
        TEST(the_old_master_key_opens_nothing),
        TEST(each_share_goes_to_another_person),
        TEST(a_rehearsal_is_no_change_and_the_other_way_round),
        TEST(a_change_that_ends_early_leaves_the_old_shares),
        TEST(a_write_that_fails_at_any_step_leaves_one_set_that_works),
        TEST(a_change_that_was_durable_unknown_to_us_is_found),
        TEST(another_custody_meanwhile_ends_the_change),
        TEST(two_officers_begin_where_it_takes_two),
        TEST(a_quorum_rotates_the_kek_and_keeps_its_shares),
        TEST(shares_for_a_rotation_are_forgotten_and_an_order_is_dropped),
        TEST(a_write_that_fails_in_a_rotation_leaves_shares_that_open),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
