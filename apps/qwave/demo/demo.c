/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "demo/demo.h"

#include "api/local_message.h"
#include "base/clock.h"
#include "base/secret.h"
#include "demo/demo_state.h"
#include "demo/leak_scan.h"
#include "demo/story.h"
#include "ledger_print.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ASK_TIMEOUT_MS = 10000,
    REFILL_TIMEOUT_MS = 100000,
    FRESH_TIMEOUT_MS = 100000,
    LOOK_EVERY_MS = 50,
    PAUSE_MS = 500 /* between two sessions while it keeps serving */
};

static volatile sig_atomic_t interrupted; /* set by Ctrl-C, read between steps */

static void note_interrupt(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

static void add_simulated(struct demo_result *result, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void add_simulated(struct demo_result *result, const char *format, ...)
{
    va_list arguments;

    if (result->simulated_count < DEMO_SIMULATED_MAX) {
        va_start(arguments, format);
        vsnprintf(result->simulated[result->simulated_count++], DEMO_TEXT_CAP, format, arguments);
        va_end(arguments);
    }
}

static qw_err ask(struct demo *demo, enum qw_local_request_kind kind, int timeout_ms,
                  struct qw_local_answer *answer)
{
    qw_err err = qw_local_ask(demo->socket, kind, timeout_ms, answer);

    if (err != QW_OK) {
        demo_fail(demo, "the terminal does not answer: %s", qw_err_text(err));
        return err;
    }
    return (qw_err)answer->result;
}

/* An application on the terminal takes one key; it is kept for the comparison. */
static qw_err take_key(struct demo *demo, enum qw_local_request_kind kind, int timeout_ms)
{
    struct qw_local_answer answer;
    qw_err err = ask(demo, kind, timeout_ms, &answer);

    if (err == QW_OK && demo->taken_count < DEMO_KEYS_MAX) {
        struct demo_key *key = &demo->taken[demo->taken_count++];

        memcpy(key->id, answer.key_id, sizeof key->id);
        memcpy(key->key, answer.key, sizeof key->key);
    }
    qw_wipe(&answer, sizeof answer);
    return err;
}

/* Names the source of the quantum keys, and what of this run is not the real thing. */
static qw_err learn_what_is_simulated(struct demo *demo)
{
    const char *answer = NULL;
    qw_err err = operator_call(demo->desk, "GET", "/v1/status", NULL, &answer);
    cJSON *json = err == QW_OK ? cJSON_Parse(answer) : NULL;
    const cJSON *source = cJSON_GetObjectItemCaseSensitive(json, "source");
    const cJSON *is_quantum = cJSON_GetObjectItemCaseSensitive(json, "source_is_quantum");
    bool is_replay = demo->options->air.captures != NULL;

    if (err != QW_OK || !cJSON_IsString(source)) {
        demo_fail(demo, "the centre's status: %s", operator_message(demo->desk));
        cJSON_Delete(json);
        return err != QW_OK ? err : QW_ERR_FORMAT;
    }
    snprintf(demo->result->source, sizeof demo->result->source, "%s", source->valuestring);
    if (!cJSON_IsTrue(is_quantum)) {
        add_simulated(
            demo->result,
            "key source: \"%s\" is a random generator of this machine, not a quantum device",
            source->valuestring);
    }
    cJSON_Delete(json);
    if (is_replay) {
        add_simulated(demo->result, "radio: replayed channel, measured once and given to both ends "
                                    "with their own noise: no "
                                    "key is made of it");
        add_simulated(demo->result, "eavesdropper: the capture's second receive antenna");
    } else if (demo->options->air.channel != NULL) {
        add_simulated(demo->result, "radio: %s, with a clock of its own",
                      demo->options->air.channel->label);
        add_simulated(demo->result, "eavesdropper: an antenna in the computed channel");
    } else {
        add_simulated(demo->result, "radio: computed channel (scene %s), with a clock of its own",
                      qw_air_scene_names[demo->options->air.scene]);
        add_simulated(demo->result, "eavesdropper: an antenna in the computed channel");
    }
    return QW_OK;
}

/* Waits until the terminal has refilled itself or given up; shows that something happens. */
static qw_err wait_for_refill(struct demo *demo, struct qw_local_status *status)
{
    int64_t deadline_ms = qw_clock_monotonic_ms() + REFILL_TIMEOUT_MS;
    struct qw_local_answer answer;

    while (qw_clock_monotonic_ms() < deadline_ms) {
        qw_err err = ask(demo, QW_LOCAL_STATUS, ASK_TIMEOUT_MS, &answer);

        if (err != QW_OK || interrupted) {
            story_progress_end();
            return err != QW_OK ? err : QW_ERR_CLOSED;
        }
        story_progress("probing and distilling", atomic_load(&demo->probes));
        if (!answer.status.is_refilling &&
            (answer.status.refills > 0 || answer.status.refusals > 0)) {
            *status = answer.status;
            story_progress_end();
            return QW_OK;
        }
        poll(NULL, 0, LOOK_EVERY_MS);
    }
    story_progress_end();
    demo_fail(demo, "the terminal has not refilled itself within %d s", REFILL_TIMEOUT_MS / 1000);
    return QW_ERR_TIMEOUT;
}

static qw_err read_ledger(struct demo *demo)
{
    struct qw_local_answer answer;
    qw_err err = ask(demo, QW_LOCAL_LEDGER, ASK_TIMEOUT_MS, &answer);

    if (err == QW_OK) {
        err = qw_plkg_ledger_decode(answer.ledger, answer.ledger_len, &demo->result->ledger);
    }
    if (err != QW_OK) {
        demo_fail(demo, "the terminal's ledger: %s", qw_err_text(err));
        return err;
    }
    demo->result->ran = true;
    return QW_OK;
}

/* The eavesdropper has heard every probe and every message of the session that has just ended. */
static qw_err let_the_eavesdropper_try(struct demo *demo)
{
    struct qw_eavesdropper_result attack = { 0 };
    qw_err err;

    pthread_mutex_lock(&demo->eavesdropper_lock);
    err = qw_eavesdropper_attack(demo->eavesdropper, &attack);
    pthread_mutex_unlock(&demo->eavesdropper_lock);
    if (err != QW_OK) {
        demo_fail(demo, "the eavesdropper: %s", qw_err_text(err));
        return err;
    }
    demo->result->eve_attempted = attack.attempted;
    /* With the key it could take the one-time pad off; the inner wrap is counted as nothing. */
    demo->result->eve_keys_equal = attack.verified ? demo->result->delivered_keys : 0;
    story("eavesdropper: %s", !attack.attempted ? "there was no key to attack"
                              : attack.verified ? "HAS THE KEY"
                              : attack.decoded
                                  ? "its decoder ends on a wrong string; it holds no key"
                                  : "its decoder finds no string that fits; it holds no key");
    return QW_OK;
}

static qw_err use_keys_until_low(struct demo *demo)
{
    qw_err err = QW_OK;
    size_t use = DEMO_CHARGED - DEMO_LOW_WATER + 1;

    for (size_t i = 0; err == QW_OK && i < use; i++) {
        err = take_key(demo, QW_LOCAL_KEY, ASK_TIMEOUT_MS);
    }
    if (err != QW_OK) {
        demo_fail(demo, "the terminal gives no key: %s", qw_err_text(err));
        return err;
    }
    err = demo_compare_with_curl(demo, 0, &demo->result->curl_matched);
    if (err == QW_ERR_UNAVAILABLE) {
        story("application: curl is not installed, skipping it");
    } else if (err != QW_OK) {
        demo_fail(demo, "curl: %s", qw_err_text(err));
        return err;
    } else {
        story("application: curl with a client certificate fetched the first key by its id: %s",
              demo->result->curl_matched ? "the same 256 bits" : "DIFFERENT");
    }
    story("terminal: %zu keys used, %d left, below the low-water mark of %d: it refills itself",
          use, (int)(DEMO_CHARGED - use), DEMO_LOW_WATER);
    return QW_OK;
}

/* Every key the terminal still has is taken by its applications and fetched by the one at the other
 * end. */
static qw_err compare_everything(struct demo *demo, uint32_t remaining)
{
    size_t curls = demo->result->curl_matched ? 1 : 0;
    qw_err err = QW_OK;

    for (uint32_t i = 0; err == QW_OK && i < remaining; i++) {
        err = take_key(demo, QW_LOCAL_KEY, ASK_TIMEOUT_MS);
        story_progress("comparing keys", i + 1);
    }
    story_progress_end();
    if (err != QW_OK) {
        demo_fail(demo, "the terminal gives no key: %s", qw_err_text(err));
        return err;
    }
    /* The first key was curl's: each key is given once. */
    err = demo_compare_keys(demo, curls, demo->taken_count - curls, &demo->result->wrong_keys);
    if (err == QW_OK) {
        demo->result->compared_keys = demo->taken_count;
        story("application: fetched %zu keys from the centre by id and compared them: %" PRIu64
              " differ",
              demo->taken_count, demo->result->wrong_keys);
    }
    return err;
}

static qw_err fetch_fresh_key(struct demo *demo)
{
    uint64_t wrong = 0;
    qw_err err;

    story_progress("a fresh key", 0);
    err = take_key(demo, QW_LOCAL_FRESH, FRESH_TIMEOUT_MS);
    story_progress_end();
    if (err == QW_OK) {
        err = demo_compare_keys(demo, demo->taken_count - 1, 1, &wrong);
    }
    if (err != QW_OK) {
        demo_fail(demo, "fresh key: %s", qw_err_text(err));
        return err;
    }
    demo->result->fresh_key_matched = wrong == 0;
    story("terminal: one fresh key, made by the centre for this one use: %s",
          wrong == 0 ? "the same at both ends" : "DIFFERENT");
    return QW_OK;
}

static qw_err tell(struct demo *demo)
{
    struct qw_local_status status = { 0 };
    uint32_t before = DEMO_LOW_WATER - 1;
    qw_err err = demo_start_centre(demo);

    if (err == QW_OK) {
        err = learn_what_is_simulated(demo);
    }
    if (err != QW_OK || interrupted) {
        return err;
    }
    story("centre: qwaved serves %s; keys come from \"%s\"", demo->url, demo->result->source);
    err = demo_enrol_and_charge(demo);
    if (err != QW_OK || interrupted) {
        return err;
    }
    story("charging station: card of phone-1 charged off line with %d keys and an authentication "
          "pool",
          DEMO_CHARGED);
    err = demo_start_radio(demo);
    if (err == QW_OK) {
        err = demo_start_terminal(demo);
    }
    if (err != QW_OK || interrupted) {
        return err;
    }
    story("access point and terminal: running; an eavesdropper listens to the radio and to every "
          "message");
    err = use_keys_until_low(demo);
    if (err == QW_OK) {
        err = wait_for_refill(demo, &status);
    }
    if (err == QW_OK) {
        err = read_ledger(demo);
    }
    if (err != QW_OK) {
        return err;
    }
    demo->result->delivered_keys =
        status.refills > 0 && status.remaining_keys > before ? status.remaining_keys - before : 0;
    if (demo->result->delivered_keys == 0) {
        if (demo->result->ledger.refusal == QW_PLKG_NONE) {
            demo_fail(demo, "the refill failed: see %s/qwave-terminal.log (--keep)", demo->folder);
            return QW_ERR_IO;
        }
        story("terminal: no refill: %s",
              qw_plkg_refusal_text((enum qw_plkg_refusal)demo->result->ledger.refusal));
        return let_the_eavesdropper_try(demo);
    }
    story("terminal: %" PRIu64 " secret bits distilled from %" PRIu64 " probes; %" PRIu64
          " quantum keys came over the air under a one-time pad",
          demo->result->ledger.secret_bits, demo->result->ledger.probes,
          demo->result->delivered_keys);
    err = let_the_eavesdropper_try(demo);
    if (err == QW_OK) {
        err = fetch_fresh_key(demo);
    }
    return err != QW_OK ? err : compare_everything(demo, status.remaining_keys);
}

/* The radio view of the console has something to show: a fresh key now and then. A channel that
 * holds no secret goes on refusing. */
static void keep_the_radio_busy(struct demo *demo)
{
    struct qw_local_answer *answer = qw_secret_new(sizeof *answer);

    if (answer != NULL) {
        (void)!qw_local_ask(demo->socket, QW_LOCAL_FRESH, FRESH_TIMEOUT_MS, answer);
    }
    qw_secret_free(answer);
}

static void keep_serving(struct demo *demo)
{
    story("everything keeps running in %s until Ctrl-C; try:", demo->folder);
    story("  qwave key --socket %s status", demo->socket);
    story("  qwave admin --url %s --operator %s/centre/operator/operator.yaml device list",
          demo->url, demo->folder);
    story("console for officers: %s/console/", demo->url);
    story(
        "  a browser takes the operator's certificate as one file: openssl pkcs12 -export -in "
        "%s/centre/operator/operator.pem -inkey %s/centre/operator/operator.key -out operator.p12",
        demo->folder, demo->folder);
    while (!interrupted) {
        keep_the_radio_busy(demo);
        poll(NULL, 0, PAUSE_MS);
    }
}

static qw_err scan_for_keys(struct demo *demo)
{
    uint8_t *keys;
    char where[2 * DEMO_PATH_CAP];
    qw_err err;

    if (demo->taken_count == 0) {
        return QW_OK;
    }
    keys = qw_secret_new(demo->taken_count * 32);
    if (keys == NULL) {
        return QW_ERR_NOMEM;
    }
    for (size_t i = 0; i < demo->taken_count; i++) {
        memcpy(keys + 32 * i, demo->taken[i].key, 32);
    }
    err = leak_scan_folder(demo->folder, keys, demo->taken_count, &demo->result->leak_files,
                           &demo->result->leak_hits, where, sizeof where);
    qw_secret_free(keys);
    if (err != QW_OK) {
        demo_fail(demo, "searching the files for keys: %s", qw_err_text(err));
    } else if (demo->result->leak_hits > 0) {
        story("KEY MATERIAL in %s", where);
    }
    return err;
}

qw_err demo_run(const struct demo_options *options, struct demo_result *result,
                char error[static 512])
{
    struct demo demo = { .options = options, .result = result, .error = error };
    struct sigaction action = { .sa_handler = note_interrupt };
    int64_t start_ms = qw_clock_monotonic_ms();
    qw_err err;

    error[0] = '\0';
    interrupted = 0;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    story_begin(options->quiet);
    pthread_mutex_init(&demo.eavesdropper_lock, NULL);
    demo.taken = qw_secret_new(DEMO_KEYS_MAX * sizeof *demo.taken);
    err = demo.taken == NULL ? QW_ERR_NOMEM : tell(&demo);
    if (interrupted && err == QW_OK) {
        err = QW_ERR_CLOSED;
    }
    if (err == QW_OK && options->serve) {
        keep_serving(&demo);
    }
    demo_stop_processes(&demo);
    if (err == QW_OK) {
        err = scan_for_keys(&demo);
    }
    if (interrupted && !options->serve) {
        snprintf(error, 512, "stopped");
        err = QW_ERR_CLOSED;
    }
    if (options->keep_folder && demo.folder[0] != '\0') {
        fprintf(stderr, "qwave demo: everything is in %s\n", demo.folder);
    } else {
        demo_remove_folder(&demo);
    }
    qw_http_client_free(demo.application);
    operator_close(demo.desk);
    qw_eavesdropper_free(demo.eavesdropper);
    qw_secret_free(demo.taken);
    pthread_mutex_destroy(&demo.eavesdropper_lock);
    result->elapsed_s = (double)(qw_clock_monotonic_ms() - start_ms) / 1000;
    return err;
}
