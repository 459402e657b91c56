/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "shipping/shipper.h"

#include "centre/journal/journal.h"
#include "shipping/sink.h"
#include "shipping/syslog_line.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    PAGE = 64,
    AGAIN = 1024, /* records that are sent again on each new connection: a collector that died may
                     have had them in its queue only */
    ROUND_MS = 1000,
    SHIPPER_ADDRESS_CAP = 1024
};

struct shipper {
    struct shipper_config config; /* its address is `address`, the thread's own */
    char address[SHIPPER_ADDRESS_CAP];
    char wanted[SHIPPER_ADDRESS_CAP]; /* under the mutex */
    struct sink sink;
    struct qw_high_mark *cursor;
    uint64_t position; /* sent on this connection up to here */
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    bool is_stopping;
    atomic_uint_fast64_t shipped_seq;
    atomic_bool is_down, has_tried;
    struct qw_journal_record page[PAGE];
};

/* Says so once, in each direction. */
static void report(struct shipper *shipper, qw_err err)
{
    bool was_down = atomic_exchange(&shipper->is_down, err != QW_OK);

    atomic_store(&shipper->has_tried, true);
    if (was_down != (err != QW_OK)) {
        qw_log_write(shipper->config.log, err == QW_OK ? QW_LOG_INFO : QW_LOG_ERROR,
                     "syslog %s: %s, journal shipped up to record %" PRIu64,
                     shipper->config.address, err == QW_OK ? "works" : qw_err_text(err),
                     qw_high_mark_value(shipper->cursor));
    }
}

static qw_err connect_again(struct shipper *shipper)
{
    uint64_t shipped = qw_high_mark_value(shipper->cursor);
    qw_err err = sink_open(&shipper->sink);

    if (err == QW_OK) {
        shipper->position = shipped > AGAIN ? shipped - AGAIN : 0;
    }
    return err;
}

static qw_err send_page(struct shipper *shipper, size_t count)
{
    qw_err err = QW_OK;

    for (size_t i = 0; err == QW_OK && i < count; i++) {
        struct qw_audit_record record;
        char line[SYSLOG_LINE_CAP];
        size_t len = 0;

        err = qw_audit_decode(shipper->page[i].blob, shipper->page[i].len, &record);
        if (err == QW_OK) {
            err = syslog_line_write(&record, line, &len);
        }
        if (err == QW_OK) {
            err = sink_send(&shipper->sink, line, len);
        }
        if (err == QW_OK) {
            shipper->position = record.seq;
        }
    }
    return err;
}

/* *count records of the next page have reached the collector. */
static qw_err ship(struct shipper *shipper, size_t *count)
{
    qw_err err = shipper->sink.fd < 0 ? connect_again(shipper) : QW_OK;

    if (err == QW_OK) {
        err = qw_centre_journal_read(shipper->config.centre, NULL, shipper->position, shipper->page,
                                     PAGE, count);
    }
    if (err == QW_OK) {
        err = send_page(shipper, *count);
    }
    if (err == QW_OK) {
        err = sink_settle(&shipper->sink);
    }
    if (err == QW_OK && shipper->position > qw_high_mark_value(shipper->cursor)) {
        err = qw_high_mark_raise(shipper->cursor, shipper->position);
        atomic_store(&shipper->shipped_seq, qw_high_mark_value(shipper->cursor));
    }
    return err;
}

static bool wait_for_round(struct shipper *shipper)
{
    struct timespec until;
    bool goes_on;

    pthread_mutex_lock(&shipper->mutex);
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ROUND_MS / 1000;
    if (!shipper->is_stopping) {
        pthread_cond_timedwait(&shipper->wake, &shipper->mutex, &until);
    }
    goes_on = !shipper->is_stopping;
    pthread_mutex_unlock(&shipper->mutex);
    return goes_on;
}

static bool goes_on(struct shipper *shipper)
{
    bool result;

    pthread_mutex_lock(&shipper->mutex);
    result = !shipper->is_stopping;
    pthread_mutex_unlock(&shipper->mutex);
    return result;
}

bool shipper_knows_address(const char *address)
{
    struct sink sink;

    return strlen(address) < SHIPPER_ADDRESS_CAP && sink_init(&sink, address) == QW_OK;
}

void shipper_redirect(struct shipper *shipper, const char *address)
{
    pthread_mutex_lock(&shipper->mutex);
    (void)snprintf(shipper->wanted, sizeof shipper->wanted, "%s", address);
    pthread_cond_signal(&shipper->wake);
    pthread_mutex_unlock(&shipper->mutex);
}

/* The thread's own turn to another collector. */
static qw_err turn_to_wanted(struct shipper *shipper)
{
    bool is_other;

    pthread_mutex_lock(&shipper->mutex);
    is_other = strcmp(shipper->wanted, shipper->address) != 0;
    memcpy(shipper->address, shipper->wanted, sizeof shipper->address);
    pthread_mutex_unlock(&shipper->mutex);
    if (!is_other) {
        return QW_OK;
    }
    sink_close(&shipper->sink);
    return sink_init(&shipper->sink, shipper->address);
}

static void *run(void *self)
{
    struct shipper *shipper = self;

    do {
        size_t count = PAGE;
        qw_err err = turn_to_wanted(shipper);

        while (err == QW_OK && count == PAGE && goes_on(shipper)) {
            err = ship(shipper, &count);
        }
        report(shipper, err);
    } while (wait_for_round(shipper));
    return NULL;
}

static qw_err start_thread(struct shipper *shipper)
{
    pthread_condattr_t monotonic;

    if (pthread_condattr_init(&monotonic) != 0) {
        return QW_ERR_NOMEM;
    }
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&shipper->mutex, NULL);
    pthread_cond_init(&shipper->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (pthread_create(&shipper->thread, NULL, run, shipper) != 0) {
        pthread_cond_destroy(&shipper->wake);
        pthread_mutex_destroy(&shipper->mutex);
        return QW_ERR_NOMEM;
    }
    return QW_OK;
}

qw_err shipper_start(const struct shipper_config *config, struct shipper **shipper)
{
    struct shipper *s = calloc(1, sizeof *s);
    qw_err err;

    if (s == NULL) {
        return QW_ERR_NOMEM;
    }
    s->config = *config;
    s->config.address = s->address;
    (void)snprintf(s->address, sizeof s->address, "%s", config->address);
    (void)snprintf(s->wanted, sizeof s->wanted, "%s", config->address);
    err = sink_init(&s->sink, s->address);
    if (err == QW_OK) {
        err = qw_high_mark_open(config->cursor, &s->cursor);
    }
    if (err == QW_OK) {
        atomic_store(&s->shipped_seq, qw_high_mark_value(s->cursor));
        err = start_thread(s);
    }
    if (err != QW_OK) {
        qw_high_mark_close(s->cursor);
        free(s);
        return err;
    }
    *shipper = s;
    return QW_OK;
}

void shipper_stop(struct shipper *shipper)
{
    if (shipper == NULL) {
        return;
    }
    pthread_mutex_lock(&shipper->mutex);
    shipper->is_stopping = true;
    pthread_cond_signal(&shipper->wake);
    pthread_mutex_unlock(&shipper->mutex);
    pthread_join(shipper->thread, NULL);
    pthread_cond_destroy(&shipper->wake);
    pthread_mutex_destroy(&shipper->mutex);
    sink_close(&shipper->sink);
    qw_high_mark_close(shipper->cursor);
    free(shipper);
}

struct shipper_state shipper_look(struct shipper *shipper)
{
    bool has_tried = atomic_load(&shipper->has_tried); /* first: what it vouches for */

    return (struct shipper_state){ .shipped_seq = atomic_load(&shipper->shipped_seq),
                                   .is_down = atomic_load(&shipper->is_down),
                                   .has_tried = has_tried };
}
