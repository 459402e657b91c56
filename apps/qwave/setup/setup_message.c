/* SPDX-License-Identifier: Apache-2.0 */
#include "setup/setup_message.h"

#include "api/json_reader.h"
#include "base/passphrase_file.h"
#include "base/secret.h"

#include <ctype.h>
#include <string.h>

_Static_assert((int)SETUP_PASSPHRASE_MIN == (int)QW_PASSPHRASE_MIN, "one rule for passphrases");

const char *const setup_custody_names[SETUP_CUSTODY_COUNT] = { "passphrase-file", "quorum", "tpm2",
                                                               "pkcs11" };

static qw_err open_object(const uint8_t *body, size_t len, struct qw_json_reader *r,
                          const struct qw_json_node **object)
{
    qw_err err = len == 0 ? QW_ERR_FORMAT : qw_json_open(body, len, r);

    if (err == QW_OK) {
        *object = qw_json_root_object(r);
        if (*object == NULL) {
            qw_json_close(r);
            err = QW_ERR_FORMAT;
        }
    }
    return err;
}

static qw_err close_object(struct qw_json_reader *r)
{
    bool is_fine = qw_json_ok(r);

    qw_json_close(r);
    return is_fine ? QW_OK : QW_ERR_FORMAT;
}

qw_err setup_open_decode(const uint8_t *body, size_t len, char code[static SETUP_CODE_CAP])
{
    char text[SETUP_CODE_CAP] = "";
    struct qw_json_reader r;
    const struct qw_json_node *object;
    qw_err err = open_object(body, len, &r, &object);

    if (err == QW_OK) {
        qw_json_get_text(&r, object, "code", text, 1, sizeof text);
        err = close_object(&r);
    }
    if (err == QW_OK) {
        memcpy(code, text, sizeof text);
    }
    qw_wipe(text, sizeof text);
    return err;
}

static bool id_is_fine(const char *id)
{
    for (const char *at = id; *at != '\0'; at++) {
        if (!isalnum((unsigned char)*at) && *at != '-') {
            return false;
        }
    }
    return true;
}

static bool custody_of(const char *name, enum setup_custody *custody)
{
    for (int i = 0; i < SETUP_CUSTODY_COUNT; i++) {
        if (strcmp(name, setup_custody_names[i]) == 0) {
            *custody = (enum setup_custody)i;
            return true;
        }
    }
    return false;
}

qw_err setup_choice_decode(const uint8_t *body, size_t len, struct setup_choice *choice)
{
    struct setup_choice read = { .centre_id = "" };
    char custody[24] = "";
    uint64_t officers = 0;
    uint64_t quorum = 0;
    struct qw_json_reader r;
    const struct qw_json_node *object;
    qw_err err = open_object(body, len, &r, &object);

    if (err != QW_OK) {
        return err;
    }
    qw_json_get_text(&r, object, "centre_id", read.centre_id, 1, sizeof read.centre_id);
    qw_json_get_text(&r, object, "custody", custody, 1, sizeof custody);
    qw_json_get_bool(&r, object, "dual_control", &read.dual_control);
    r.failed = r.failed || !custody_of(custody, &read.custody) || !id_is_fine(read.centre_id);
    if (!r.failed && read.custody == SETUP_QUORUM) {
        qw_json_get_uint(&r, object, "officers", QW_QUORUM_MIN, QW_OFFICERS_MAX, &officers);
        qw_json_get_uint(&r, object, "quorum", QW_QUORUM_MIN, officers, &quorum);
    }
    err = close_object(&r);
    if (err == QW_OK) {
        read.officers = (unsigned)officers;
        read.quorum = (unsigned)quorum;
        *choice = read;
    }
    return err;
}

qw_err setup_take_decode(const uint8_t *body, size_t len, unsigned *officer)
{
    uint64_t number = 0;
    struct qw_json_reader r;
    const struct qw_json_node *object;
    qw_err err = open_object(body, len, &r, &object);

    if (err == QW_OK) {
        qw_json_get_uint(&r, object, "officer", 1, QW_OFFICERS_MAX, &number);
        err = close_object(&r);
    }
    if (err == QW_OK) {
        *officer = (unsigned)number;
    }
    return err;
}

/* Both write at once where the secret will be: no copy of it lies on the stack. */
qw_err setup_entry_decode(const uint8_t *body, size_t len, struct setup_entry *entry)
{
    uint64_t number = 0;
    struct qw_json_reader r;
    const struct qw_json_node *object;
    qw_err err = open_object(body, len, &r, &object);

    qw_wipe(entry, sizeof *entry);
    if (err == QW_OK) {
        qw_json_get_uint(&r, object, "officer", 1, QW_OFFICERS_MAX, &number);
        qw_json_get_base64(&r, object, "share", entry->share, 1, sizeof entry->share,
                           &entry->share_len);
        err = close_object(&r);
    }
    if (err == QW_OK) {
        entry->officer = (unsigned)number;
    } else {
        qw_wipe(entry, sizeof *entry);
    }
    return err;
}

qw_err setup_bundle_decode(const uint8_t *body, size_t len, struct setup_bundle *bundle)
{
    struct qw_json_reader r;
    const struct qw_json_node *object;
    qw_err err = open_object(body, len, &r, &object);

    qw_wipe(bundle, sizeof *bundle);
    if (err == QW_OK) {
        qw_json_get_text(&r, object, "officer", bundle->officer, 1, sizeof bundle->officer);
        qw_json_get_text(&r, object, "passphrase", bundle->passphrase, SETUP_PASSPHRASE_MIN,
                         sizeof bundle->passphrase);
        err = close_object(&r);
    }
    if (err != QW_OK) {
        qw_wipe(bundle, sizeof *bundle);
    }
    return err;
}
