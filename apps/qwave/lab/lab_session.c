/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "lab/lab_session.h"

#include "base/prng.h"
#include "base/wire_memory.h"
#include "lab/lab_oracle.h"
#include "lab/trace/lab_reader.h"
#include "radio/eavesdropper.h"
#include "radio/plkg/message.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { KEY_LEN = 32, TIMEOUT_MS = 120000, MESSAGES_MAX = 64 };

struct said { /* a message as it crossed the wire */
    bool from_terminal;
    uint8_t *bytes;
    size_t len;
};

struct record {
    pthread_mutex_t lock;
    size_t count;
    struct said said[MESSAGES_MAX];
    bool is_short; /* something was not kept */
};

/* A wire that everybody hears. */
struct tap {
    struct qw_wire inner;
    struct record *record;
    bool from_terminal;
};

static void keep(struct record *record, bool from_terminal, const void *message, size_t len)
{
    uint8_t *copy = malloc(len + 1);

    pthread_mutex_lock(&record->lock);
    if (copy == NULL || record->count == MESSAGES_MAX) {
        record->is_short = true;
        free(copy);
    } else {
        memcpy(copy, message, len);
        record->said[record->count++] = (struct said){ from_terminal, copy, len };
    }
    pthread_mutex_unlock(&record->lock);
}

static qw_err tap_send(void *self, const void *message, size_t len)
{
    struct tap *tap = self;

    keep(tap->record, tap->from_terminal, message, len);
    return qw_wire_send(&tap->inner, message, len);
}

static qw_err tap_receive(void *self, void *message, size_t cap, size_t *len, int timeout_ms)
{
    struct tap *tap = self;

    return qw_wire_receive(&tap->inner, message, cap, len, timeout_ms);
}

static void tap_close(void *self)
{
    struct tap *tap = self;

    qw_wire_close(&tap->inner);
}

static const struct qw_wire_counters *tap_counters(void *self)
{
    struct tap *tap = self;

    return tap->inner.counters(tap->inner.self);
}

struct end {
    struct lab_reader reader;
    struct qw_csi_source radio;
    struct tap tap;
    struct qw_wire wire;
    struct qw_plkg_session *session;
    struct qw_plkg_ledger ledger;
    qw_err err;
    double cpu_s;
    uint8_t *data;
    size_t data_len;
};

struct laboratory {
    const struct qw_plkg_policy *policy;
    struct qw_replay_guard *guard; /* the access point's */
    uint8_t up[QW_PLKG_AUTH_LEN], down[QW_PLKG_AUTH_LEN];
    struct end access_point, terminal;
    struct record record;
    struct lab_slots slots;
};

static double thread_cpu_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static qw_err take_auth(void *self, uint64_t up_position, uint64_t down_position,
                        uint8_t up[static QW_PLKG_AUTH_LEN], uint8_t down[static QW_PLKG_AUTH_LEN])
{
    struct laboratory *lab = self;

    (void)up_position;
    (void)down_position;
    memcpy(up, lab->up, QW_PLKG_AUTH_LEN);
    memcpy(down, lab->down, QW_PLKG_AUTH_LEN);
    return QW_OK;
}

static qw_err authorise(void *self, const char *terminal_id, const uint8_t *contact,
                        size_t contact_len, uint64_t *up_position, uint64_t *down_position,
                        uint8_t up[static QW_PLKG_AUTH_LEN], uint8_t down[static QW_PLKG_AUTH_LEN])
{
    (void)terminal_id;
    (void)contact;
    (void)contact_len;
    *up_position = 0;
    *down_position = 0;
    return take_auth(self, 0, 0, up, down);
}

static struct qw_plkg_party party_of(struct laboratory *lab, struct end *end)
{
    return (struct qw_plkg_party){ .policy = *lab->policy,
                                   .radio = &end->radio,
                                   .wire = &end->wire,
                                   .timeout_ms = TIMEOUT_MS,
                                   .self = lab };
}

static void *run_terminal(void *self)
{
    struct laboratory *lab = self;
    struct end *end = &lab->terminal;
    struct qw_plkg_terminal terminal = { .party = party_of(lab, end),
                                         .terminal_id = "laboratory-terminal",
                                         .tuning = &end->radio.tuning,
                                         .take_auth = take_auth };
    double start_s = thread_cpu_s();

    end->err = qw_plkg_run_terminal(&terminal, &end->session, &end->ledger);
    end->cpu_s = thread_cpu_s() - start_s;
    if (end->err != QW_OK) {
        qw_wire_close(&end->wire); /* the other end need not wait for nothing */
    }
    return NULL;
}

static void run_access_point(struct laboratory *lab)
{
    struct end *end = &lab->access_point;
    struct qw_tuning_offer everything = { .carriers = UINT32_MAX,
                                          .antennas = QW_TUNING_CHAINS_MAX,
                                          .bands = QW_TUNING_CHAINS_MAX };
    struct qw_plkg_access_point access_point = { .party = party_of(lab, end),
                                                 .access_point_id = "laboratory-access-point",
                                                 .offer = &everything,
                                                 .authorise = authorise };
    double start_s = thread_cpu_s();

    access_point.party.replay_guard = lab->guard;
    end->err = qw_plkg_run_access_point(&access_point, &end->session, &end->ledger);
    end->cpu_s = thread_cpu_s() - start_s;
}

static void open_end(struct laboratory *lab, struct end *end, const struct lab_trace *trace,
                     enum qw_air_view view)
{
    end->radio = lab_reader_source(&end->reader, trace, view);
    end->reader.slots = &lab->slots;
    end->tap.record = &lab->record;
    end->tap.from_terminal = view == QW_AIR_VIEW_TERMINAL;
    end->wire = (struct qw_wire){ &end->tap, tap_send, tap_receive, tap_close, tap_counters };
}

static void close_end(struct end *end)
{
    qw_plkg_session_free(end->session);
    qw_wire_close(&end->wire);
    free(end->data);
}

/* Known bytes under the whole key: what arrives tells whether the two keys are one. */
static qw_err compare_keys(struct laboratory *lab, struct lab_session_report *report)
{
    struct end *ap = &lab->access_point;
    struct end *te = &lab->terminal;
    size_t len = qw_plkg_pad_left(ap->session);
    qw_err err;

    if (len > QW_PLKG_DATA_MAX) {
        len = QW_PLKG_DATA_MAX;
    }
    len -= len % KEY_LEN;
    ap->data_len = len;
    ap->data = calloc(1, len + 1);
    te->data = calloc(1, len + 1);
    if (ap->data == NULL || te->data == NULL) {
        return QW_ERR_NOMEM;
    }
    err = qw_plkg_send(ap->session, &ap->wire, ap->data, len, false);
    if (err == QW_OK) {
        err = qw_plkg_receive(te->session, &te->wire, te->data, len, &te->data_len, TIMEOUT_MS);
    }
    report->keys = len / KEY_LEN;
    if (err != QW_OK || te->data_len != len) { /* not even as long: nothing agrees */
        report->wrong_keys = report->keys;
        return QW_OK;
    }
    for (size_t i = 0; i < len; i += KEY_LEN) {
        for (size_t k = i; k < i + KEY_LEN; k++) {
            if (ap->data[k] != te->data[k]) {
                report->wrong_keys++;
                break;
            }
        }
    }
    return QW_OK;
}

static void tell_probes(const struct lab_trace *trace, struct qw_eavesdropper *eve,
                        struct qw_air_probe *probe)
{
    for (uint32_t i = 0; i < lab_trace_probes(trace); i++) {
        probe->sequence = i;
        probe->heard_access_point =
            lab_trace_frame(trace, QW_AIR_VIEW_EVE_DOWN, i, &probe->from_access_point);
        probe->heard_terminal =
            lab_trace_frame(trace, QW_AIR_VIEW_EVE_UP, i, &probe->from_terminal);
        qw_eavesdropper_hear_probe(eve, probe);
    }
}

static void count_agreement(const struct qw_eavesdropper_result *result,
                            const struct laboratory *lab, struct lab_session_report *report)
{
    size_t len = result->data_len < lab->access_point.data_len ? result->data_len
                                                               : lab->access_point.data_len;
    uint64_t equal = 0;

    for (size_t i = 0; i < len; i++) {
        equal += 8 - (unsigned)__builtin_popcount(result->data[i] ^ lab->access_point.data[i]);
    }
    report->eve_verified = result->verified;
    if (len > 0) {
        report->eve_key_agreement = (double)equal / (8.0 * (double)len);
    }
}

/* Everything in the order in which it was in the air. */
static qw_err attack(const struct lab_trace *trace, const struct laboratory *lab,
                     struct lab_session_report *report)
{
    struct qw_eavesdropper_result result = { 0 };
    struct qw_air_probe *probe = calloc(1, sizeof *probe);
    struct qw_eavesdropper *eve = NULL;
    qw_err err = probe == NULL ? QW_ERR_NOMEM : qw_eavesdropper_new(&eve);

    for (size_t i = 0; err == QW_OK && i < lab->record.count; i++) {
        const struct said *said = &lab->record.said[i];

        qw_eavesdropper_hear_message(eve, said->from_terminal, said->bytes, said->len);
        if (said->bytes[0] == QW_PLKG_OPEN_ACK) {
            tell_probes(trace, eve, probe);
        }
    }
    if (err == QW_OK) {
        err = qw_eavesdropper_attack(eve, &result);
    }
    if (err == QW_OK && result.attempted) {
        count_agreement(&result, lab, report);
    }
    qw_eavesdropper_free(eve);
    free(probe);
    return err;
}

static const struct said *find_message(const struct record *record, enum qw_plkg_type type)
{
    for (size_t i = 0; i < record->count; i++) {
        if (record->said[i].len > QW_PLKG_HEADER_LEN && record->said[i].bytes[0] == type) {
            return &record->said[i];
        }
    }
    return NULL;
}

static void add_onset(const struct qw_plkg_ledger *ledger, struct lab_session_report *report)
{
    if (ledger->onset == QW_PLKG_ONSET_FOUND || report->onset == QW_PLKG_ONSET_PASSED) {
        report->onset = (enum qw_plkg_onset)ledger->onset;
    }
    if (ledger->onset != QW_PLKG_ONSET_NOT_MADE) {
        report->onset_deviations = fmax(report->onset_deviations, ledger->onset_deviations);
    }
}

static qw_err judge(const struct lab_trace *trace, struct laboratory *lab, bool has_eve,
                    struct lab_session_report *report)
{
    const struct said *syndrome = find_message(&lab->record, QW_PLKG_SYNDROME);
    qw_err err = QW_OK;

    report->ledger = lab->access_point.ledger;
    report->onset = QW_PLKG_ONSET_PASSED;
    add_onset(&lab->access_point.ledger, report);
    add_onset(&lab->terminal.ledger, report);
    report->cpu_s = lab->access_point.cpu_s + lab->terminal.cpu_s;
    report->has_key = lab->access_point.err == QW_OK && lab->terminal.err == QW_OK;
    if (report->has_key) {
        err = compare_keys(lab, report);
    }
    if (err == QW_OK) {
        err = lab_oracle_look(&lab->access_point.reader, &lab->terminal.reader,
                              syndrome == NULL ? NULL : syndrome->bytes + QW_PLKG_HEADER_LEN,
                              syndrome == NULL ? 0 : syndrome->len - QW_PLKG_HEADER_LEN, report);
    }
    if (err == QW_OK && has_eve && report->has_key) {
        err = attack(trace, lab, report);
    }
    return err == QW_OK && lab->record.is_short ? QW_ERR_NOMEM : err;
}

static qw_err run_both(struct laboratory *lab)
{
    pthread_t thread;
    qw_err err = qw_wire_memory_pair(&lab->access_point.tap.inner, &lab->terminal.tap.inner);

    if (err != QW_OK) {
        return err;
    }
    if (pthread_create(&thread, NULL, run_terminal, lab) != 0) {
        return QW_ERR_NOMEM;
    }
    run_access_point(lab);
    if (lab->access_point.err != QW_OK) {
        qw_wire_close(&lab->access_point.wire);
    }
    pthread_join(thread, NULL);
    return QW_OK;
}

qw_err lab_session_run(const struct lab_trace *trace, const struct qw_plkg_policy *policy,
                       struct qw_replay_guard *guard, bool has_eve,
                       struct lab_session_report *report)
{
    struct laboratory *lab = calloc(1, sizeof *lab);
    struct lab_session_report made = { .eve_key_agreement = NAN,
                                       .raw_disagreement = NAN,
                                       .mutual_bits = NAN,
                                       .string_bits = NAN,
                                       .onset_deviations = NAN };
    struct qw_prng prng;
    qw_err err;

    if (lab == NULL) {
        return QW_ERR_NOMEM;
    }
    qw_prng_init(&prng, 1, 1); /* both ends of the pool are here: nothing rests on it */
    qw_prng_bytes(&prng, lab->up, sizeof lab->up);
    qw_prng_bytes(&prng, lab->down, sizeof lab->down);
    lab->policy = policy;
    lab->guard = guard;
    pthread_mutex_init(&lab->record.lock, NULL);
    open_end(lab, &lab->access_point, trace, QW_AIR_VIEW_ACCESS_POINT);
    open_end(lab, &lab->terminal, trace, QW_AIR_VIEW_TERMINAL);
    err = run_both(lab);
    if (err == QW_OK) {
        err = judge(trace, lab, has_eve, &made);
    }
    if (err == QW_OK) {
        *report = made;
    }
    close_end(&lab->access_point);
    close_end(&lab->terminal);
    for (size_t i = 0; i < lab->record.count; i++) {
        free(lab->record.said[i].bytes);
    }
    pthread_mutex_destroy(&lab->record.lock);
    free(lab);
    return err;
}
