/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "bench/management.h"

#include "api/json_writer.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/passphrase_file.h"
#include "base/secret.h"
#include "centre_folder.h"
#include "child.h"
#include "crypto/share/share.h"
#include "operator.h"
#include "scratch_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* From the last share to serving [C6]: a real qwaved of three out of five officers, started anew
 * for every round. The clock runs from the call that hands in the third share, whose file is open
 * by then, to the first answer of an open centre. */

enum { OFFICERS = 5, QUORUM = 3, ROUNDS = 5, PATH_CAP = 512, BODY_CAP = 256, READY_MS = 60000 };

struct quorum_site {
    char folder[PATH_CAP];
    char centre[PATH_CAP + 32], operator_path[PATH_CAP + 64], settings[PATH_CAP + 64];
    char log[PATH_CAP + 32];
    char passphrase[OFFICERS][PATH_CAP + 32];
    char *body[QUORUM]; /* of the calls that hand in a share: secret memory */
};

static qw_err write_body(const struct qw_share *share, char *body)
{
    struct qw_json_writer w = qw_json_writer_on(body, BODY_CAP);
    uint8_t *bytes = qw_secret_new(QW_SHARE_LEN);

    if (bytes == NULL) {
        return QW_ERR_NOMEM;
    }
    qw_share_encode(share, bytes);
    qw_json_object_begin(&w);
    qw_json_name(&w, "share");
    qw_json_base64(&w, bytes, QW_SHARE_LEN);
    qw_json_object_end(&w);
    qw_secret_free(bytes);
    return qw_json_done(&w) ? QW_OK : QW_ERR_SPACE;
}

static qw_err open_share(struct quorum_site *site, size_t officer)
{
    char path[PATH_CAP + 96];
    uint8_t *passphrase = NULL;
    uint8_t *file = NULL;
    struct qw_share *share = qw_secret_new(sizeof *share);
    size_t passphrase_len = 0;
    size_t len = 0;
    qw_err err = share == NULL ? QW_ERR_NOMEM
                               : qw_passphrase_file_read(site->passphrase[officer], &passphrase,
                                                         &passphrase_len);

    (void)snprintf(path, sizeof path, "%s/shares/officer-%zu/share", site->centre, officer + 1);
    if (err == QW_OK) {
        err = qw_file_read(path, QW_SHARE_FILE_LEN, &file, &len);
    }
    if (err == QW_OK) {
        err = qw_share_file_open(file, len, passphrase, passphrase_len, share);
    }
    if (err == QW_OK) {
        err = write_body(share, site->body[officer]);
    }
    qw_secret_free(passphrase);
    qw_secret_free(file);
    qw_secret_free(share);
    return err;
}

static qw_err hold_ceremony(struct quorum_site *site)
{
    const char *passphrases[OFFICERS];
    const struct centre_folder_config config = { .folder = site->centre,
                                                 .centre_id = "centre-1",
                                                 .address = "127.0.0.1",
                                                 .source = "kernel",
                                                 .officers = OFFICERS,
                                                 .quorum = QUORUM,
                                                 .officer_passphrases = passphrases };
    char error[CENTRE_FOLDER_ERROR_CAP] = "";
    qw_err err = QW_OK;

    for (size_t i = 0; i < OFFICERS && err == QW_OK; i++) {
        (void)snprintf(site->passphrase[i], sizeof site->passphrase[i], "%s/officer-%zu",
                       site->folder, i + 1);
        passphrases[i] = site->passphrase[i];
        err = passphrase_file_create(site->passphrase[i]);
    }
    if (err == QW_OK) {
        err = centre_folder_create(&config, error);
    }
    for (size_t i = 0; i < QUORUM && err == QW_OK; i++) {
        site->body[i] = qw_secret_new(BODY_CAP);
        err = site->body[i] == NULL ? QW_ERR_NOMEM : open_share(site, i);
    }
    return err;
}

static qw_err open_site(struct quorum_site *site)
{
    if (scratch_folder_make("qwave-bench", site->folder, sizeof site->folder) != QW_OK) {
        return QW_ERR_IO;
    }
    (void)snprintf(site->centre, sizeof site->centre, "%s/centre", site->folder);
    (void)snprintf(site->operator_path, sizeof site->operator_path, "%s/operator/operator.yaml",
                   site->centre);
    (void)snprintf(site->settings, sizeof site->settings, "%s/qwaved.yaml", site->centre);
    (void)snprintf(site->log, sizeof site->log, "%s/qwaved.log", site->folder);
    return hold_ceremony(site);
}

static void close_site(struct quorum_site *site)
{
    for (size_t i = 0; i < QUORUM; i++) {
        qw_secret_free(site->body[i]);
    }
    scratch_folder_remove(site->folder);
}

/* Seconds from the last share to the first answer of the open centre. */
static qw_err hand_in(const struct quorum_site *site, struct operator_desk *desk, double *seconds)
{
    const char *answer = NULL;
    int64_t start_ms = 0;
    qw_err err = QW_OK;

    for (size_t i = 0; i < QUORUM && err == QW_OK; i++) {
        start_ms = qw_clock_monotonic_ms();
        err = operator_call(desk, "POST", "/v1/seal/share", site->body[i], &answer);
    }
    if (err != QW_OK) {
        return err;
    }
    do { /* the connection of the sealed centre ends; the next one is answered by the open one */
        err = operator_call(desk, "GET", "/v1/status", NULL, &answer);
    } while (err != QW_OK && qw_clock_monotonic_ms() - start_ms < READY_MS);
    *seconds = (double)(qw_clock_monotonic_ms() - start_ms) / 1e3;
    return err;
}

static qw_err open_once(const struct quorum_site *site, double *seconds)
{
    char name[] = "qwaved";
    char option[] = "--config";
    char *argv[] = { name, option, (char *)site->settings, NULL };
    struct child centre = { .pid = 0 };
    struct operator_desk *desk = NULL;
    char port[16] = "";
    char url[64];
    char error[OPERATOR_ERROR_CAP] = "";
    qw_err err = child_start("qwaved", argv, site->log, &centre);

    if (err == QW_OK) {
        err = child_wait_word(&centre, "sealed ", READY_MS, port, sizeof port);
    }
    (void)snprintf(url, sizeof url, "https://127.0.0.1:%s", port);
    if (err == QW_OK) {
        err = operator_open(site->operator_path, url, &desk, error);
    }
    if (err == QW_OK) {
        err = hand_in(site, desk, seconds);
    }
    operator_close(desk);
    child_stop(&centre);
    return err;
}

qw_err bench_unseal(const struct management_wishes *wishes, struct management_sheet *sheet)
{
    struct quorum_site site = { .folder = "" };
    double slowest = 0.0;
    qw_err err = open_site(&site);

    (void)wishes;
    for (int i = 0; i < ROUNDS && err == QW_OK; i++) {
        double seconds = 0.0;

        err = open_once(&site, &seconds);
        slowest = seconds > slowest ? seconds : slowest;
    }
    if (err == QW_OK) {
        management_add(sheet, "unseal_s", slowest);
    }
    close_site(&site);
    return err;
}
