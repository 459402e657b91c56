/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W4 S1 */
/* Somebody in the middle alters one message of a session: never two different keys, never a hang.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plkg_bench.h"
#include "radio/plkg/message.h"

enum { AT_ONCE = 6, TIMEOUT_MS = 4000 };

static const struct {
    uint8_t type;
    bool from_terminal;
} messages[] = {
    { QW_PLKG_OPEN, true },      { QW_PLKG_OPEN_ACK, false }, { QW_PLKG_PAIRS, true },
    { QW_PLKG_PAIRS, false },    { QW_PLKG_ESTIMATE, true },  { QW_PLKG_ESTIMATE, false },
    { QW_PLKG_SYNDROME, false }, { QW_PLKG_DECODED, true },   { QW_PLKG_AMPLIFY, false },
    { QW_PLKG_FINISH, true },    { QW_PLKG_PACE, true },
};
enum { MESSAGES = sizeof messages / sizeof messages[0] };

struct attempt {
    struct bench bench;
    size_t message;
    enum bench_attack attack;
    size_t bit;
    pthread_t thread;
};

static void prepare(struct attempt *attempt, size_t message, enum bench_attack attack, size_t bit)
{
    *attempt = (struct attempt){ .message = message, .attack = attack, .bit = bit };
}

static bool was_altered(const struct bench *bench)
{
    return bench->middle_ap.was_done || bench->middle_te.was_done;
}

/* An honest session in some hundreds cannot be decoded and ends before a late message is sent:
 * nothing was altered, so another one is met, at most three. */
static void *run_attempt(void *self)
{
    struct attempt *attempt = self;
    struct bench *bench = &attempt->bench;

    for (uint64_t run = 0; run < 3; run++) {
        struct bench_config config = bench_standard(3 + run);
        struct bench_middle *middle =
            messages[attempt->message].from_terminal ? &bench->middle_te : &bench->middle_ap;

        if (run > 0) {
            bench_wipe(bench);
        }
        config.policy.wanted_bits = 256;
        config.policy.is_paced = messages[attempt->message].type == QW_PLKG_PACE;
        config.timeout_ms = TIMEOUT_MS;
        bench_init(bench, &config);
        middle->attack = attempt->attack;
        middle->type = messages[attempt->message].type;
        middle->bit = attempt->bit;
        bench_run(bench);
        if (was_altered(bench)) {
            break;
        }
    }
    return NULL;
}

/* A key on one side only, at the terminal, is what a lost FINISH leaves; the access point then
 * says nothing under it. Whoever answers an altered session must not make a key that the other
 * has not. */
static void judge(const struct attempt *attempt)
{
    const struct bench *bench = &attempt->bench;

    if (!was_altered(bench)) {
        fail_msg("ended before message %zu: %s, %s, %s", attempt->message,
                 qw_err_text(bench->err_ap), qw_err_text(bench->err_te),
                 qw_plkg_refusal_name((enum qw_plkg_refusal)bench->ledger_ap.refusal));
    }
    assert_false(bench->err_ap == QW_OK && attempt->attack != ATTACK_REPEAT);
    if (bench->err_ap != QW_OK) {
        assert_null(bench->session_ap);
        assert_int_equal(bench->ledger_ap.secret_bits, 0);
    }
    if (bench->err_te != QW_OK) {
        assert_null(bench->session_te);
        assert_int_equal(bench->ledger_te.secret_bits, 0);
    } else if (attempt->attack != ATTACK_REPEAT) { /* staged: the access point waits for FINISH */
        assert_int_equal(messages[attempt->message].type, QW_PLKG_FINISH);
    }
}

static void run_all(struct attempt *attempts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(pthread_create(&attempts[i].thread, NULL, run_attempt, &attempts[i]), 0);
    }
    for (size_t i = 0; i < count; i++) {
        pthread_join(attempts[i].thread, NULL);
    }
}

static void attack_each_message(enum bench_attack attack, size_t bit)
{
    struct attempt *attempts = calloc(AT_ONCE, sizeof *attempts);

    for (size_t first = 0; first < MESSAGES; first += AT_ONCE) {
        size_t count = MESSAGES - first < AT_ONCE ? MESSAGES - first : AT_ONCE;

        for (size_t i = 0; i < count; i++) {
            prepare(&attempts[i], first + i, attack, bit);
        }
        run_all(attempts, count);
        for (size_t i = 0; i < count; i++) {
            judge(&attempts[i]);
            bench_wipe(&attempts[i].bench);
        }
    }
    free(attempts);
}

static void a_flipped_bit_in_any_message_gives_no_key(void **state)
{
    (void)state;
    /* In the header, just behind it, and deep inside. */
    attack_each_message(ATTACK_FLIP, 8 * 3 + 1);
    attack_each_message(ATTACK_FLIP, 8 * 25 + 7);
    attack_each_message(ATTACK_FLIP, 8 * 61 + 2);
}

static void a_dropped_message_gives_no_key_and_no_hang(void **state)
{
    (void)state;
    attack_each_message(ATTACK_DROP, 0);
}

static void a_truncated_message_gives_no_key(void **state)
{
    (void)state;
    attack_each_message(ATTACK_TRUNCATE, 0);
    attack_each_message(ATTACK_TRUNCATE, 5);
}

/* A repeated message is out of order; when it comes after the last one that its reader waited for,
 * the keys are made and equal, or staged at the terminal and never used. */
static void a_repeated_message_gives_no_key_that_differs(void **state)
{
    struct attempt *attempts = calloc(AT_ONCE, sizeof *attempts);

    (void)state;
    for (size_t message = 0; message < MESSAGES; message++) {
        struct attempt *attempt = &attempts[0];

        prepare(attempt, message, ATTACK_REPEAT, 0);
        run_all(attempt, 1);
        judge(attempt);
        if (attempt->bench.err_ap == QW_OK) {
            assert_true(messages[message].type == QW_PLKG_FINISH ||
                        messages[message].type == QW_PLKG_AMPLIFY);
            assert_int_equal(attempt->bench.err_te, QW_OK);
            assert_int_equal(attempt->bench.ledger_ap.secret_bits,
                             attempt->bench.ledger_te.secret_bits);
        }
        bench_wipe(&attempt->bench);
    }
    free(attempts);
}

static void the_peer_sees_one_refusal_for_bad_bytes_and_a_bad_tag(void **state)
{
    static const size_t bits[] = { 8 * 25 + 0, 8 * 400 + 3 }; /* a field; the seed */
    struct attempt *attempt = calloc(1, sizeof *attempt);

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        prepare(attempt, 8, ATTACK_FLIP, bits[i]); /* AMPLIFY */
        run_all(attempt, 1);
        assert_int_equal(attempt->bench.err_te, QW_ERR_AUTH);
        assert_int_equal(attempt->bench.ledger_te.refusal, QW_PLKG_AUTH);
        assert_int_equal(attempt->bench.err_ap, QW_ERR_REFUSED);
        assert_int_equal(attempt->bench.ledger_ap.refusal, QW_PLKG_AUTH);
        bench_wipe(&attempt->bench);
    }
    free(attempt);
}

static void without_finish_the_access_point_has_no_session(void **state)
{
    struct attempt *attempt = calloc(1, sizeof *attempt);

    (void)state;
    prepare(attempt, 9, ATTACK_DROP, 0);
    run_all(attempt, 1);
    assert_int_equal(attempt->bench.err_ap, QW_ERR_TIMEOUT);
    assert_null(attempt->bench.session_ap);
    assert_int_equal(attempt->bench.err_te, QW_OK); /* staged: nothing comes under it */
    bench_wipe(&attempt->bench);
    free(attempt);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flipped_bit_in_any_message_gives_no_key),
        cmocka_unit_test(a_dropped_message_gives_no_key_and_no_hang),
        cmocka_unit_test(a_truncated_message_gives_no_key),
        cmocka_unit_test(a_repeated_message_gives_no_key_that_differs),
        cmocka_unit_test(the_peer_sees_one_refusal_for_bad_bytes_and_a_bad_tag),
        cmocka_unit_test(without_finish_the_access_point_has_no_session),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
