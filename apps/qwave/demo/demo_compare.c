/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "demo/demo_state.h"

#include "api/json_reader.h"
#include "api/json_writer.h"
#include "base/hex.h"
#include "base/secret.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BATCH = 64, BODY_CAP = 8192, ANSWER_CAP = 4096 };
#define KEYS_PATH "/api/v1/keys/phone-1/dec_keys"

/* Number of keys in the container that are not, bit for bit, the terminal's. */
static qw_err count_wrong(const char *answer, size_t len, const struct demo_key *keys, size_t count,
                          uint64_t *wrong)
{
    struct qw_json_reader r;
    const struct qw_json_node *array;
    size_t items = 0;
    uint64_t different = 0;
    qw_err err = qw_json_open(answer, len, &r);

    if (err != QW_OK) {
        return err;
    }
    array = qw_json_get_array(&r, qw_json_root_object(&r), "keys", count, count, &items);
    for (size_t i = 0; i < items && qw_json_ok(&r); i++) {
        uint8_t id[16] = { 0 };
        uint8_t key[32] = { 0 };
        size_t key_len = 0;

        qw_json_get_uuid(&r, qw_json_item(array, i), "key_ID", id);
        qw_json_get_base64(&r, qw_json_item(array, i), "key", key, sizeof key, sizeof key,
                           &key_len);
        if (!qw_equal_ct(id, keys[i].id, sizeof id) || !qw_equal_ct(key, keys[i].key, sizeof key)) {
            different++;
        }
        qw_wipe(key, sizeof key);
    }
    err = qw_json_end(&r);
    if (err == QW_OK) {
        *wrong += different;
    }
    return err;
}

static qw_err compare_batch(struct demo *demo, const struct demo_key *keys, size_t count,
                            uint64_t *wrong)
{
    char body[BODY_CAP];
    const char *answer = NULL;
    size_t len = 0;
    unsigned status = 0;
    struct qw_json_writer w = qw_json_writer_on(body, sizeof body);
    qw_err err;

    qw_json_object_begin(&w);
    qw_json_name(&w, "key_IDs");
    qw_json_array_begin(&w);
    for (size_t i = 0; i < count; i++) {
        char id[QW_UUID_TEXT_CAP];

        qw_uuid_encode(keys[i].id, id);
        qw_json_object_begin(&w);
        qw_json_name(&w, "key_ID");
        qw_json_text(&w, id);
        qw_json_object_end(&w);
    }
    qw_json_array_end(&w);
    qw_json_object_end(&w);
    if (!qw_json_done(&w)) {
        return QW_ERR_SPACE;
    }
    err = qw_http_client_call(demo->application, "POST", KEYS_PATH, body, &status, &answer, &len);
    if (err != QW_OK) {
        return err;
    }
    if (status != 200) {
        *wrong += count;
        return QW_OK;
    }
    return count_wrong(answer, len, keys, count, wrong);
}

qw_err demo_compare_keys(struct demo *demo, size_t first, size_t count, uint64_t *wrong)
{
    qw_err err = QW_OK;

    for (size_t at = 0; err == QW_OK && at < count; at += BATCH) {
        size_t now = count - at < BATCH ? count - at : BATCH;

        err = compare_batch(demo, demo->taken + first + at, now, wrong);
    }
    if (err != QW_OK) {
        demo_fail(demo, "the application cannot fetch its keys: %s", qw_err_text(err));
    }
    return err;
}

/* Runs curl and reads what it prints; the key is in the answer, never in an argument. */
static qw_err run_curl(struct demo *demo, const char *url, char *answer, size_t cap, size_t *len)
{
    struct demo_path certificate = demo_in(demo, "app-1.pem");
    struct demo_path key = demo_in(demo, "app-1.key");
    struct demo_path ca = demo_in(demo, "centre/ca/ca.pem");
    int ends[2];
    int status = 0;
    size_t at = 0;
    ssize_t got;
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) != 0) {
        return QW_ERR_IO;
    }
    pid = fork();
    if (pid < 0) {
        close(ends[0]);
        close(ends[1]);
        return QW_ERR_IO;
    }
    if (pid == 0) {
        if (dup2(ends[1], 1) >= 0) {
            execlp("curl", "curl", "--silent", "--max-time", "10", "--cert", certificate.text,
                   "--key", key.text, "--cacert", ca.text, url, (char *)NULL);
        }
        _exit(127);
    }
    close(ends[1]);
    while (at < cap && (got = read(ends[0], answer + at, cap - at)) > 0) {
        at += (size_t)got;
    }
    close(ends[0]);
    waitpid(pid, &status, 0);
    *len = at;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
        return QW_ERR_UNAVAILABLE;
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? QW_OK : QW_ERR_IO;
}

qw_err demo_compare_with_curl(struct demo *demo, size_t index, bool *matched)
{
    char url[256];
    char id[QW_UUID_TEXT_CAP];
    char *answer = qw_secret_new(ANSWER_CAP);
    size_t len = 0;
    uint64_t wrong = 0;
    qw_err err;

    if (answer == NULL) {
        return QW_ERR_NOMEM;
    }
    qw_uuid_encode(demo->taken[index].id, id);
    snprintf(url, sizeof url, "%s" KEYS_PATH "?key_ID=%s", demo->url, id);
    err = run_curl(demo, url, answer, ANSWER_CAP, &len);
    if (err == QW_OK) {
        err = count_wrong(answer, len, demo->taken + index, 1, &wrong);
    }
    qw_secret_free(answer);
    *matched = err == QW_OK && wrong == 0;
    return err;
}
