/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W3 W11 */
#include "distill/multilevel.h"

#include "base/bits.h"
#include "base/hex.h"
#include "unit/distill/failing_calloc.h"
#include "unit/distill/gaussian_source.h"
#include "unit/distill/seed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { N = 1024, MESSAGE_CAP = 8 * N };

/* Two ends and one drawn block. */
struct pair {
    struct gaussian_source source;
    struct qw_prng prng;
    struct qw_multilevel *sender;
    struct qw_multilevel *receiver;
    size_t len;
    uint8_t depth[N];
    uint16_t symbol[N];
    uint16_t word[N];
    float mean[N];
    uint8_t message[MESSAGE_CAP];
};

static void open_pair_thrifty(struct pair *p, double snr_db, double sigma,
                              enum qw_level_thrift thrift)
{
    p->source = gaussian_source_at(snr_db, sigma);
    qw_prng_init(&p->prng, test_seed(), 1);
    memset(p->depth, (int)p->source.depth, sizeof p->depth);
    assert_int_equal(qw_multilevel_new(p->depth, N, sigma, thrift, &p->sender), QW_OK);
    assert_int_equal(qw_multilevel_new(p->depth, N, sigma, thrift, &p->receiver), QW_OK);
    p->len = qw_multilevel_message_len(p->sender);
    assert_true(p->len <= MESSAGE_CAP);
}

static void open_pair(struct pair *p, double snr_db, double sigma)
{
    open_pair_thrifty(p, snr_db, sigma, QW_LEVEL_ONE_MESSAGE);
}

static void draw(struct pair *p)
{
    gaussian_source_draw(&p->source, &p->prng, p->symbol, p->mean, N);
    memset(p->word, 0xaa, sizeof p->word);
    qw_multilevel_encode(p->sender, p->symbol, p->message);
}

static void close_pair(struct pair *p)
{
    qw_multilevel_free(p->sender);
    qw_multilevel_free(p->receiver);
}

static bool untouched(const struct pair *p)
{
    for (size_t j = 0; j < N; j++) {
        if (p->word[j] != 0xaaaa) {
            return false;
        }
    }
    return true;
}

/* First message, then MORE until it decodes to the sent word; the number of MORE, or -1. */
static int reconcile(struct pair *p)
{
    qw_err err = qw_multilevel_decode(p->receiver, p->mean, p->message, p->len, p->word);

    for (int more = 0;; more++) {
        size_t level = qw_multilevel_wanted(p->receiver);
        size_t len = qw_multilevel_more_len(p->receiver, level);

        assert_true(err == QW_OK || err == QW_ERR_EXHAUSTED);
        assert_true(err == QW_OK || untouched(p));
        if (err == QW_OK && memcmp(p->word, p->symbol, sizeof p->word) == 0) {
            return more;
        }
        if (level == QW_MULTILEVEL_DEPTH_MAX) {
            return -1;
        }
        assert_true((unsigned)more < qw_multilevel_more_max(p->receiver));
        memset(p->word, 0xaa, sizeof p->word);
        assert_int_equal(len, qw_multilevel_more_len(p->sender, level));
        assert_int_equal(qw_multilevel_encode_more(p->sender, level, p->symbol, p->message), QW_OK);
        err = qw_multilevel_decode_more(p->receiver, level, p->mean, p->message, len, p->word);
    }
}

/* The bound of 1 in 20 is ten times the rate that the codes were chosen for: a false alarm in 200
 * blocks has a probability below 1e-6 at 5e-3. */
static void check_blocks(double snr_db, double sigma, double beta_min)
{
    enum { BLOCKS = 200 };
    static struct pair p;
    size_t first = 0;
    size_t lost = 0;
    double beta;

    open_pair(&p, snr_db, sigma);
    for (int i = 0; i < BLOCKS; i++) {
        int more;

        draw(&p);
        more = reconcile(&p);
        first += more == 0;
        lost += more < 0;
    }
    beta = (gaussian_source_entropy(&p.source) - (double)qw_multilevel_leak_bits(p.sender) / N) /
           gaussian_source_information(&p.source);
    printf("n %d, %.0f dB, sigma %.2f: beta %.4f, first message %zu/%d, lost %zu\n", N, snr_db,
           sigma, beta, first, BLOCKS, lost);
    assert_true(first >= BLOCKS - BLOCKS / 20);
    assert_true(lost <= BLOCKS / 100);
    assert_true(beta >= beta_min);
    close_pair(&p);
}

static void one_message_reconciles_at_15_db(void **state)
{
    (void)state;
    check_blocks(15.0, 2.5, 0.85);
}

static void one_message_reconciles_at_20_db(void **state)
{
    (void)state;
    check_blocks(20.0, 1.25, 0.87);
}

static void one_message_reconciles_at_25_db(void **state)
{
    (void)state;
    check_blocks(25.0, 2.0, 0.87);
}

static void more_rescues_a_block_whose_noise_was_underestimated(void **state)
{
    enum { BLOCKS = 60 };
    static struct pair p;
    size_t asked = 0;
    size_t lost = 0;

    (void)state;
    open_pair(&p, 20.0, 1.0);
    p.source.excess = 1.06;
    for (int i = 0; i < BLOCKS; i++) {
        int more;

        draw(&p);
        more = reconcile(&p);
        asked += more != 0;
        lost += more < 0;
    }
    printf("noise 6 %% up: MORE asked for %zu of %d blocks, lost %zu\n", asked, BLOCKS, lost);
    assert_true(asked > 0); /* else this test proves nothing */
    assert_true(lost < asked);
    close_pair(&p);
}

static void mixed_depths_share_the_codes(void **state)
{
    static struct pair p;

    (void)state;
    p.source = gaussian_source_at(20.0, 1.0);
    qw_prng_init(&p.prng, test_seed(), 2);
    for (size_t j = 0; j < N; j++) {
        p.depth[j] = (uint8_t)(j % 9); /* 0: left out; 8: deeper than the source needs */
    }
    assert_int_equal(qw_multilevel_new(p.depth, N, 1.0, QW_LEVEL_ONE_MESSAGE, &p.sender), QW_OK);
    assert_int_equal(qw_multilevel_new(p.depth, N, 1.0, QW_LEVEL_ONE_MESSAGE, &p.receiver), QW_OK);
    p.len = qw_multilevel_message_len(p.sender);
    for (int i = 0; i < 20; i++) {
        for (size_t j = 0; j < N; j++) {
            double cells = (double)(1u << p.depth[j]);
            double x = cells * qw_prng_uniform(&p.prng);

            p.symbol[j] = (uint16_t)(p.depth[j] == 0 ? 0 : floor(x));
            p.mean[j] = (float)(x + qw_prng_gaussian(&p.prng));
        }
        qw_multilevel_encode(p.sender, p.symbol, p.message);
        assert_in_range(reconcile(&p), 0, QW_MULTILEVEL_MORE_MAX);
    }
    close_pair(&p);
}

/* The lowest level that has MORE. */
static size_t coded_level(const struct qw_multilevel *m)
{
    size_t level = 0;

    while (qw_multilevel_more_bits(m, level) == 0) {
        level++;
        assert_true(level < QW_MULTILEVEL_DEPTH_MAX);
    }
    return level;
}

static void says_its_leak_before_anything_is_sent(void **state)
{
    static struct pair p;
    size_t leak;
    size_t level;

    (void)state;
    open_pair(&p, 20.0, 1.0);
    leak = qw_multilevel_leak_bits(p.sender);
    level = coded_level(p.sender);
    assert_int_equal(p.len, (leak + 7) / 8);
    assert_int_equal(leak, qw_multilevel_leak_bits(p.receiver));
    draw(&p);
    assert_true(qw_bits_tail_clear(p.message, leak));
    for (int i = 0; i < QW_MULTILEVEL_MORE_MAX; i++) {
        size_t bits = qw_multilevel_more_bits(p.sender, level);

        assert_true(bits > 0);
        assert_int_equal(qw_multilevel_more_len(p.sender, level), (bits + 7) / 8);
        assert_int_equal(qw_multilevel_encode_more(p.sender, level, p.symbol, p.message), QW_OK);
        assert_true(qw_bits_tail_clear(p.message, bits));
    }
    for (size_t l = 0; l < 2 * QW_MULTILEVEL_DEPTH_MAX; l++) {
        assert_int_equal(qw_multilevel_more_bits(p.sender, l), 0);
        assert_int_equal(qw_multilevel_more_len(p.sender, l), 0);
        assert_int_equal(qw_multilevel_encode_more(p.sender, l, p.symbol, p.message),
                         QW_ERR_EXHAUSTED);
    }
    qw_multilevel_encode(p.sender, p.symbol, p.message); /* the next block starts anew */
    assert_true(qw_multilevel_more_bits(p.sender, level) > 0);
    close_pair(&p);
}

/* A peer may ask about any level that a byte can name. */
static void answers_no_question_about_a_level_that_is_not_coded(void **state)
{
    static struct pair p;
    size_t coded = 0;

    (void)state;
    open_pair(&p, 20.0, 1.0);
    draw(&p);
    (void)!qw_multilevel_decode(p.receiver, p.mean, p.message, p.len, p.word);
    memset(p.word, 0xaa, sizeof p.word);
    for (size_t level = 0; level < 256; level++) {
        if (qw_multilevel_more_bits(p.sender, level) > 0) {
            coded++;
            continue;
        }
        assert_int_equal(qw_multilevel_encode_more(p.sender, level, p.symbol, p.message),
                         QW_ERR_EXHAUSTED);
        assert_int_equal(qw_multilevel_decode_more(p.receiver, level, p.mean, p.message, 0, p.word),
                         QW_ERR_EXHAUSTED);
    }
    assert_in_range(coded, 1, 4);
    assert_true(untouched(&p));
    close_pair(&p);
}

static void a_lean_message_leaks_less_and_asks_more_often(void **state)
{
    enum { BLOCKS = 100 };
    static struct pair p;
    size_t one_leak;
    size_t asked = 0;
    size_t lost = 0;

    (void)state;
    open_pair(&p, 5.0, 3.25);
    one_leak = qw_multilevel_leak_bits(p.sender);
    assert_int_equal(qw_multilevel_more_max(p.sender), QW_MULTILEVEL_MORE_MAX);
    close_pair(&p);
    open_pair_thrifty(&p, 5.0, 3.25, QW_LEVEL_LEAN);
    assert_int_equal(qw_multilevel_more_max(p.sender), QW_MULTILEVEL_LEAN_MORE_MAX);
    assert_true(qw_multilevel_leak_bits(p.sender) < one_leak);
    for (int i = 0; i < BLOCKS; i++) {
        int more;

        draw(&p);
        more = reconcile(&p);
        asked += more != 0;
        lost += more < 0;
    }
    printf("lean: MORE asked for %zu of %d blocks, lost %zu\n", asked, BLOCKS, lost);
    assert_true(asked > 10 && asked < 90);
    assert_true(lost <= 8); /* at 1 % expected: false alarm below 1e-5 */
    close_pair(&p);
}

/* Whatever comes as MORE, for the wanted level or another: no crash, and nothing is written unless
 * a word was found, which has the right size. */
static void survives_a_peer_that_answers_nonsense(void **state)
{
    static struct pair p;

    (void)state;
    open_pair_thrifty(&p, 5.0, 3.25, QW_LEVEL_LEAN);
    for (int i = 0; i < 10; i++) {
        qw_err err;

        draw(&p);
        err = qw_multilevel_decode(p.receiver, p.mean, p.message, p.len, p.word);
        for (unsigned more = 0; more < QW_MULTILEVEL_LEAN_MORE_MAX; more++) {
            size_t level = more % 3 == 2 ? 3 : qw_multilevel_wanted(p.receiver);
            size_t bits = qw_multilevel_more_bits(p.receiver, level);

            if (bits == 0) {
                break;
            }
            memset(p.word, 0xaa, sizeof p.word);
            qw_prng_bytes(&p.prng, p.message, (bits + 7) / 8);
            p.message[(bits + 7) / 8 - 1] &= (uint8_t)(0xff00u >> (1 + (bits - 1) % 8));
            err = qw_multilevel_decode_more(p.receiver, level, p.mean, p.message, (bits + 7) / 8,
                                            p.word);
            assert_true(err == QW_OK || err == QW_ERR_EXHAUSTED);
            assert_true(err == QW_OK || untouched(&p));
        }
        for (size_t j = 0; err == QW_OK && j < N; j++) {
            assert_true(p.word[j] < 1u << p.depth[j]);
        }
    }
    close_pair(&p);
}

static void decodes_to_the_same_word_every_time(void **state)
{
    static struct pair p;
    static uint16_t again[N];

    (void)state;
    open_pair(&p, 20.0, 1.0);
    do {
        draw(&p);
    } while (reconcile(&p) != 0);
    assert_int_equal(qw_multilevel_decode(p.receiver, p.mean, p.message, p.len, again), QW_OK);
    assert_memory_equal(again, p.symbol, sizeof again);
    close_pair(&p);
}

static void a_search_from_shaken_beliefs_finds_the_word_again(void **state)
{
    struct pair p;
    unsigned right = 0;
    unsigned searched = 0;

    (void)state;
    open_pair(&p, 20.0, 3.25);
    assert_int_equal(qw_multilevel_decode_again(p.receiver, p.mean, p.word), QW_ERR_STATE);
    for (int block = 0; block < 10; block++) {
        draw(&p);
        if (qw_multilevel_decode(p.receiver, p.mean, p.message, p.len, p.word) != QW_OK) {
            assert_int_equal(qw_multilevel_decode_again(p.receiver, p.mean, p.word), QW_ERR_STATE);
            continue;
        }
        for (unsigned k = 0; k < QW_MULTILEVEL_AGAIN_MAX; k++) {
            qw_err err;

            memset(p.word, 0xaa, sizeof p.word);
            err = qw_multilevel_decode_again(p.receiver, p.mean, p.word);
            if (err != QW_OK) { /* this block's searches are used up */
                assert_int_equal(err, QW_ERR_EXHAUSTED);
                assert_true(untouched(&p));
                break;
            }
            right += memcmp(p.word, p.symbol, sizeof p.word) == 0 ? 1 : 0;
            searched++;
        }
        assert_int_equal(qw_multilevel_decode_again(p.receiver, p.mean, p.word), QW_ERR_EXHAUSTED);
    }
    assert_true(searched >= 60 && right >= searched / 10 * 9);
    close_pair(&p);
}

/* After searches in vain the next parities count as if the first word had been the last. */
static void more_may_be_asked_for_after_searches_in_vain(void **state)
{
    struct pair p;
    uint8_t more[MESSAGE_CAP];
    size_t level;
    size_t len;

    (void)state;
    open_pair(&p, 20.0, 3.25);
    do {
        draw(&p);
    } while (qw_multilevel_decode(p.receiver, p.mean, p.message, p.len, p.word) != QW_OK);
    while (qw_multilevel_decode_again(p.receiver, p.mean, p.word) == QW_OK) {
    }
    level = qw_multilevel_wanted(p.receiver);
    assert_true(level < QW_MULTILEVEL_DEPTH_MAX);
    len = qw_multilevel_more_len(p.receiver, level);
    assert_int_equal(qw_multilevel_encode_more(p.sender, level, p.symbol, more), QW_OK);
    assert_int_equal(qw_multilevel_decode_more(p.receiver, level, p.mean, more, len, p.word),
                     QW_OK);
    assert_memory_equal(p.word, p.symbol, sizeof p.word);
    assert_int_equal(qw_multilevel_decode_again(p.receiver, p.mean, p.word), QW_OK);
    close_pair(&p);
}

static void refuses_every_other_length(void **state)
{
    static struct pair p;
    size_t level;
    size_t more_len;

    (void)state;
    open_pair(&p, 20.0, 1.0);
    draw(&p);
    for (size_t cut = 0; cut <= p.len + 1; cut++) {
        if (cut != p.len) {
            assert_int_equal(qw_multilevel_decode(p.receiver, p.mean, p.message, cut, p.word),
                             QW_ERR_FORMAT);
        }
    }
    level = coded_level(p.receiver);
    more_len = qw_multilevel_more_len(p.receiver, level);
    assert_int_equal(
        qw_multilevel_decode_more(p.receiver, level, p.mean, p.message, more_len, p.word),
        QW_ERR_STATE);
    assert_true(untouched(&p));
    (void)!qw_multilevel_decode(p.receiver, p.mean, p.message, p.len, p.word);
    memset(p.word, 0xaa, sizeof p.word);
    memset(p.message, 0, sizeof p.message);
    for (size_t cut = 0; cut <= more_len + 1; cut++) {
        if (cut != more_len) {
            assert_int_equal(
                qw_multilevel_decode_more(p.receiver, level, p.mean, p.message, cut, p.word),
                QW_ERR_FORMAT);
        }
    }
    assert_true(untouched(&p));
    assert_int_equal(qw_multilevel_more_len(p.receiver, level),
                     more_len); /* none of them counted */
    close_pair(&p);
}

static void refuses_set_bits_behind_the_end(void **state)
{
    static struct pair p;
    double sigma = 1.0;

    (void)state;
    for (open_pair(&p, 20.0, sigma); qw_multilevel_leak_bits(p.sender) % 8 == 0;) {
        close_pair(&p); /* a block with unused bits is wanted */
        sigma += 0.1;
        open_pair(&p, 20.0, sigma);
    }
    draw(&p);
    qw_bit_set(p.message, 8 * p.len - 1, true);
    assert_int_equal(qw_multilevel_decode(p.receiver, p.mean, p.message, p.len, p.word),
                     QW_ERR_FORMAT);
    assert_true(untouched(&p));
    close_pair(&p);
}

/* A flip changes a bit of a plain level or one check: what comes out is never the sent word, so
 * verification always has something to find. [S3] */
static void no_flipped_message_gives_the_sent_word(void **state)
{
    static struct pair p;
    size_t wrong = 0;
    size_t refused = 0;

    (void)state;
    open_pair(&p, 20.0, 1.25);
    do {
        draw(&p);
    } while (reconcile(&p) != 0);
    for (size_t bit = 0; bit < qw_multilevel_leak_bits(p.sender); bit += 1 + bit / 100) {
        qw_err err;

        p.message[bit / 8] ^= (uint8_t)(0x80u >> bit % 8);
        err = qw_multilevel_decode(p.receiver, p.mean, p.message, p.len, p.word);
        p.message[bit / 8] ^= (uint8_t)(0x80u >> bit % 8);
        assert_true(err == QW_OK || err == QW_ERR_EXHAUSTED);
        assert_true(err != QW_OK || memcmp(p.word, p.symbol, sizeof p.word) != 0);
        wrong += err == QW_OK;
        refused += err == QW_ERR_EXHAUSTED;
    }
    printf("flips: %zu gave a wrong word, %zu were refused\n", wrong, refused);
    assert_true(wrong > 0 && refused > 0);
    close_pair(&p);
}

static void survives_messages_and_beliefs_out_of_thin_air(void **state)
{
    static const float odd[] = { NAN, INFINITY, -INFINITY, 1e38f, -1e38f, 0.0f, 3.4f };
    static struct pair p;

    (void)state;
    open_pair(&p, 20.0, 1.0);
    draw(&p);
    memset(p.message, 0, p.len);
    (void)!qw_multilevel_decode(p.receiver, p.mean, p.message, p.len, p.word);
    for (int round = 0; round < 4; round++) {
        qw_err err;

        qw_prng_bytes(&p.prng, p.message, p.len - 1);
        p.message[p.len - 1] = 0;
        for (size_t j = 0; j < N; j++) {
            p.mean[j] = odd[qw_prng_below(&p.prng, sizeof odd / sizeof odd[0])];
        }
        memset(p.word, 0, sizeof p.word);
        err = qw_multilevel_decode(p.receiver, p.mean, p.message, p.len, p.word);
        assert_true(err == QW_OK || err == QW_ERR_EXHAUSTED);
        for (size_t j = 0; j < N; j++) {
            assert_true(p.word[j] < 1u << p.depth[j]);
        }
    }
    close_pair(&p);
}

static void refuses_shapes_out_of_range(void **state)
{
    struct qw_multilevel *m = NULL;
    static uint8_t depth[QW_MULTILEVEL_COEFFICIENTS_MAX + 1];

    (void)state;
    memset(depth, 3, sizeof depth);
    assert_int_equal(
        qw_multilevel_new(depth, QW_MULTILEVEL_COEFFICIENTS_MIN - 1, 1.0, QW_LEVEL_ONE_MESSAGE, &m),
        QW_ERR_ARG);
    assert_int_equal(
        qw_multilevel_new(depth, QW_MULTILEVEL_COEFFICIENTS_MAX + 1, 1.0, QW_LEVEL_ONE_MESSAGE, &m),
        QW_ERR_ARG);
    assert_int_equal(qw_multilevel_new(depth, N, 0.2499, QW_LEVEL_ONE_MESSAGE, &m), QW_ERR_ARG);
    assert_int_equal(qw_multilevel_new(depth, N, 4.0001, QW_LEVEL_ONE_MESSAGE, &m), QW_ERR_ARG);
    assert_int_equal(qw_multilevel_new(depth, N, (double)NAN, QW_LEVEL_ONE_MESSAGE, &m),
                     QW_ERR_ARG);
    assert_int_equal(qw_multilevel_new(depth, N, 1.0, (enum qw_level_thrift)7, &m), QW_ERR_ARG);
    depth[N - 1] = QW_MULTILEVEL_DEPTH_MAX + 1;
    assert_int_equal(qw_multilevel_new(depth, N, 1.0, QW_LEVEL_ONE_MESSAGE, &m), QW_ERR_ARG);
    assert_null(m);
    qw_multilevel_free(NULL);
}

static void takes_the_smallest_block_and_the_extreme_deviations(void **state)
{
    static const double sigmas[] = { 0.25, 0.26, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0 };
    uint8_t depth[QW_MULTILEVEL_COEFFICIENTS_MIN];
    uint8_t message[2 * QW_MULTILEVEL_COEFFICIENTS_MIN];
    uint16_t symbol[QW_MULTILEVEL_COEFFICIENTS_MIN];
    uint16_t word[QW_MULTILEVEL_COEFFICIENTS_MIN];
    float mean[QW_MULTILEVEL_COEFFICIENTS_MIN];

    (void)state;
    for (size_t i = 0; i < sizeof sigmas / sizeof sigmas[0]; i++) {
        struct qw_multilevel *m = NULL;
        size_t len;

        for (size_t j = 0; j < sizeof depth; j++) {
            depth[j] = 14;
            symbol[j] = (uint16_t)(j * 250);
            mean[j] = (float)symbol[j] + 0.5f; /* noise-free: must decode */
        }
        assert_int_equal(
            qw_multilevel_new(depth, sizeof depth, sigmas[i], QW_LEVEL_ONE_MESSAGE, &m), QW_OK);
        len = qw_multilevel_message_len(m);
        assert_true(len <= sizeof message);
        qw_multilevel_encode(m, symbol, message);
        assert_int_equal(qw_multilevel_decode(m, mean, message, len, word), QW_OK);
        assert_memory_equal(word, symbol, sizeof word);
        qw_multilevel_free(m);
    }
}

static void nothing_to_say_is_an_empty_message(void **state)
{
    uint8_t depth[QW_MULTILEVEL_COEFFICIENTS_MIN] = { 0 };
    uint16_t word[QW_MULTILEVEL_COEFFICIENTS_MIN] = { 7 };
    float mean[QW_MULTILEVEL_COEFFICIENTS_MIN] = { 0 };
    struct qw_multilevel *m = NULL;
    uint8_t message[1];

    (void)state;
    assert_int_equal(qw_multilevel_new(depth, sizeof depth, 1.0, QW_LEVEL_ONE_MESSAGE, &m), QW_OK);
    assert_int_equal(qw_multilevel_message_len(m), 0);
    qw_multilevel_encode(m, word, message);
    assert_int_equal(qw_multilevel_encode_more(m, 0, word, message), QW_ERR_EXHAUSTED);
    assert_int_equal(qw_multilevel_decode(m, mean, message, 0, word), QW_OK);
    assert_int_equal(word[0], 0);
    assert_int_equal(qw_multilevel_decode_more(m, 0, mean, message, 0, word), QW_ERR_EXHAUSTED);
    qw_multilevel_free(m);
}

static void construction_survives_every_failing_allocation(void **state)
{
    uint8_t depth[N];
    qw_err err = QW_ERR_NOMEM;

    (void)state;
    memset(depth, 5, sizeof depth);
    for (int n = 1; err != QW_OK; n++) {
        struct qw_multilevel *m = NULL;

        assert_true(n < 200);
        fail_at = n;
        err = qw_multilevel_new(depth, N, 1.0, QW_LEVEL_ONE_MESSAGE, &m);
        fail_at = 0;
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && m == NULL));
        qw_multilevel_free(m);
    }
}

/* The example of docs/protocol/multilevel.md. The two ends may be years and compilers apart: a
 * change here is a change of the protocol. */
static void the_example_of_the_protocol_page_holds(void **state)
{
    uint8_t depth[64];
    uint16_t symbol[64];
    uint8_t message[64];
    char text[129];
    struct qw_multilevel *m = NULL;

    (void)state;
    memset(depth, 3, sizeof depth);
    for (size_t j = 0; j < sizeof depth; j++) {
        symbol[j] = (uint16_t)(5 * j % 8);
    }
    assert_int_equal(qw_multilevel_new(depth, sizeof depth, 1.0, QW_LEVEL_ONE_MESSAGE, &m), QW_OK);
    assert_int_equal(qw_multilevel_leak_bits(m), 64 + 64 + 35);
    qw_multilevel_encode(m, symbol, message);
    qw_hex_encode(message, qw_multilevel_message_len(m), text);
    assert_string_equal(text, "55555555555555553333333333333333fb0f6ce2e0");
    assert_int_equal(qw_multilevel_more_bits(m, 2), 8);
    assert_int_equal(qw_multilevel_encode_more(m, 2, symbol, message), QW_OK);
    qw_hex_encode(message, 1, text);
    assert_string_equal(text, "97");
    qw_multilevel_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_message_reconciles_at_15_db),
        cmocka_unit_test(one_message_reconciles_at_20_db),
        cmocka_unit_test(one_message_reconciles_at_25_db),
        cmocka_unit_test(more_rescues_a_block_whose_noise_was_underestimated),
        cmocka_unit_test(a_lean_message_leaks_less_and_asks_more_often),
        cmocka_unit_test(answers_no_question_about_a_level_that_is_not_coded),
        cmocka_unit_test(survives_a_peer_that_answers_nonsense),
        cmocka_unit_test(mixed_depths_share_the_codes),
        cmocka_unit_test(says_its_leak_before_anything_is_sent),
        cmocka_unit_test(decodes_to_the_same_word_every_time),
        cmocka_unit_test(a_search_from_shaken_beliefs_finds_the_word_again),
        cmocka_unit_test(more_may_be_asked_for_after_searches_in_vain),
        cmocka_unit_test(refuses_every_other_length),
        cmocka_unit_test(refuses_set_bits_behind_the_end),
        cmocka_unit_test(no_flipped_message_gives_the_sent_word),
        cmocka_unit_test(survives_messages_and_beliefs_out_of_thin_air),
        cmocka_unit_test(refuses_shapes_out_of_range),
        cmocka_unit_test(takes_the_smallest_block_and_the_extreme_deviations),
        cmocka_unit_test(nothing_to_say_is_an_empty_message),
        cmocka_unit_test(the_example_of_the_protocol_page_holds),
        cmocka_unit_test(construction_survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
