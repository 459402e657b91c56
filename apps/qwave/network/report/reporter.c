/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "network/report/reporter.h"

#include "api/http_client.h"
#include "api/json_reader.h"
#include "base/clock.h"
#include "network/report/report_body.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WATCHED_MS = 500, ASK_MS = 1000, REFUSED_MS = 5000, NODE_MS = 400, TIMEOUT_MS = 2000 };

struct reporter {
    const struct qw_topology *topology;
    const struct qw_log *log;
    struct qw_http_client *centre;
    struct status_ask *ask; /* [count] */
    size_t count;
    char *topology_body; /* [REPORT_BODY_CAP] */
    char *body;          /* [REPORT_BODY_CAP] */
    bool is_watched;     /* as the centre said last */
    unsigned status;     /* of its last answer, 0: none; what changes is said once */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* monotonic clock */
    bool is_ending;
};

error_t reporter_option(struct reporter_config *config, int key, char *value,
                        struct argp_state *state)
{
    bool has_files = config->certificate != NULL && config->key != NULL && config->ca != NULL;

    switch (key) {
    case OPTION_CONSOLE:
        config->url = value;
        return 0;
    case OPTION_CERTIFICATE:
        config->certificate = value;
        return 0;
    case OPTION_KEY:
        config->key = value;
        return 0;
    case OPTION_CA:
        config->ca = value;
        return 0;
    case ARGP_KEY_END:
        if (config->url != NULL && !has_files) {
            argp_error(state, "--console needs --certificate, --key and --ca");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Says on the log what is new about the centre. */
static void note_status(struct reporter *reporter, unsigned status)
{
    if (status != reporter->status) {
        qw_log_write(reporter->log, status == 200 ? QW_LOG_INFO : QW_LOG_WARNING,
                     status == 200   ? "the centre takes our reports"
                     : status == 0   ? "the centre cannot be reached"
                     : status == 403 ? "the centre refuses our reports (403): is the certificate "
                                       "that of a device of kind node, in service?"
                     : status == 409 ? "the centre refuses our reports (409): another reporter "
                                       "tells of this network, or of these nodes"
                                     : "the centre takes no report: status %u",
                     status);
        reporter->status = status;
    }
}

/* False: the centre did not take it. */
static bool send_body(struct reporter *reporter, const char *body, bool *wants_topology)
{
    const char *answer = NULL;
    size_t len = 0;
    unsigned status = 0;
    bool is_watched = false;
    struct qw_json_reader r;

    if (qw_http_client_call(reporter->centre, "POST", "/v1/network/report", body, &status, &answer,
                            &len) != QW_OK) {
        status = 0;
    }
    note_status(reporter, status);
    if (status == 200 && qw_json_open(answer, len, &r) == QW_OK) {
        const struct qw_json_node *object = qw_json_root_object(&r);

        qw_json_get_bool(&r, object, "is_watched", &is_watched);
        qw_json_get_bool(&r, object, "wants_topology", wants_topology);
        qw_json_close(&r);
    }
    reporter->is_watched = is_watched;
    return status == 200;
}

/* Everything that is to be said now. False: the centre took not all of it. */
static bool tell(struct reporter *reporter)
{
    size_t count = reporter->is_watched ? reporter->count : 0;
    size_t next = 0;
    bool is_taken = true;
    bool has_topology =
        false; /* said in this turn: a centre that forgets it is asked again later */

    if (count > 0) {
        status_round(reporter->ask, count, NODE_MS);
    }
    do {
        bool wants_topology = false;

        is_taken = report_body_nodes(reporter->topology, reporter->ask, count, &next,
                                     reporter->body) == QW_OK &&
                   send_body(reporter, reporter->body, &wants_topology);
        if (is_taken && wants_topology) {
            if (has_topology) {
                break;
            }
            has_topology = true;
            wants_topology = false;
            is_taken = send_body(reporter, reporter->topology_body, &wants_topology);
            next = 0; /* what was said before was not kept */
            count = is_taken && !wants_topology ? count : 0;
        }
    } while (is_taken && next < count);
    return is_taken;
}

static void wait_until(struct reporter *reporter, int64_t until_ms)
{
    struct timespec until = { .tv_sec = until_ms / 1000,
                              .tv_nsec = (long)(until_ms % 1000) * 1000000 };

    while (!reporter->is_ending && qw_clock_monotonic_ms() < until_ms) {
        (void)pthread_cond_timedwait(&reporter->changed, &reporter->lock, &until);
    }
}

static void *report(void *self)
{
    struct reporter *reporter = self;

    pthread_mutex_lock(&reporter->lock);
    while (!reporter->is_ending) {
        int64_t begun_ms = qw_clock_monotonic_ms();
        bool is_taken;

        pthread_mutex_unlock(&reporter->lock);
        is_taken = tell(reporter);
        pthread_mutex_lock(&reporter->lock);
        wait_until(reporter, begun_ms + (!is_taken && reporter->status == 403 ? REFUSED_MS
                                         : reporter->is_watched               ? WATCHED_MS
                                                                              : ASK_MS));
    }
    pthread_mutex_unlock(&reporter->lock);
    return NULL;
}

static qw_err open_reporter(struct reporter *reporter, const struct reporter_config *config,
                            const struct qw_key_graph *graph)
{
    const struct qw_http_client_config http = { .base_url = config->url,
                                                .certificate_path = config->certificate,
                                                .key_path = config->key,
                                                .ca_path = config->ca,
                                                .timeout_ms = TIMEOUT_MS };
    qw_err err;

    reporter->body = malloc(REPORT_BODY_CAP);
    reporter->topology_body = malloc(REPORT_BODY_CAP);
    if (reporter->body == NULL || reporter->topology_body == NULL) {
        return QW_ERR_NOMEM;
    }
    err = report_body_topology(reporter->topology, graph, reporter->topology_body);
    return err == QW_OK ? qw_http_client_new(&http, &reporter->centre) : err;
}

static void close_reporter(struct reporter *reporter)
{
    qw_http_client_free(reporter->centre);
    free(reporter->body);
    free(reporter->topology_body);
    free(reporter);
}

qw_err reporter_new(const struct reporter_config *config, const struct qw_topology *topology,
                    const struct qw_key_graph *graph, struct status_ask *ask, size_t count,
                    const struct qw_log *log, struct reporter **out)
{
    struct reporter *reporter = calloc(1, sizeof *reporter);
    pthread_condattr_t monotonic;
    qw_err err;

    if (reporter == NULL) {
        return QW_ERR_NOMEM;
    }
    reporter->topology = topology;
    reporter->log = log;
    reporter->ask = ask;
    reporter->count = count;
    reporter->status = 1; /* neither taken nor refused yet */
    err = open_reporter(reporter, config, graph);
    if (err != QW_OK) {
        close_reporter(reporter);
        return err;
    }
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&reporter->lock, NULL);
    pthread_cond_init(&reporter->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (pthread_create(&reporter->thread, NULL, report, reporter) != 0) {
        pthread_cond_destroy(&reporter->changed);
        pthread_mutex_destroy(&reporter->lock);
        close_reporter(reporter);
        return QW_ERR_NOMEM;
    }
    *out = reporter;
    return QW_OK;
}

void reporter_free(struct reporter *reporter)
{
    if (reporter == NULL) {
        return;
    }
    pthread_mutex_lock(&reporter->lock);
    reporter->is_ending = true;
    pthread_cond_broadcast(&reporter->changed);
    pthread_mutex_unlock(&reporter->lock);
    pthread_join(reporter->thread, NULL);
    pthread_cond_destroy(&reporter->changed);
    pthread_mutex_destroy(&reporter->lock);
    status_round_free(reporter->ask, reporter->count);
    free(reporter->ask);
    close_reporter(reporter);
}
