/* SPDX-License-Identifier: Apache-2.0 */
/* Charging at a station: C1 to K1 of docs/protocol/charging.md [W8]. */
#include "operator.h"

#include "api/json_reader.h"
#include "api/json_writer.h"
#include "api/url.h"
#include "base/secret.h"
#include "terminal/card_unlock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BODY_CAP = 1024,
    PACKAGE_CAP = 256 * 1024,
    STATE_CAP = 32,
    PATH_TEXT_CAP = 512,
    STATION_CAP = 64
};

struct charging { /* one call */
    struct operator_desk *desk;
    const char *device_id, *card;
    uint8_t *secret; /* of the card */
    size_t secret_len;
    uint8_t *package; /* PACKAGE_CAP bytes */
    size_t len;
    uint8_t receipt[QW_RECEIPT_LEN];
};

static qw_err read_package(const char *answer, uint8_t *package, size_t *len)
{
    struct qw_json_reader r;
    qw_err err = qw_json_open(answer, strlen(answer), &r);

    if (err != QW_OK) {
        return err;
    }
    qw_json_get_base64(&r, qw_json_root_object(&r), "package", package, 1, PACKAGE_CAP, len);
    err = qw_json_end(&r);
    return err;
}

static qw_err ask_for_package(struct operator_desk *desk, const char *device_id, uint32_t keys,
                              uint8_t *package, size_t *len)
{
    char body[BODY_CAP];
    const char *answer = NULL;
    struct qw_json_writer w = qw_json_writer_on(body, sizeof body);
    qw_err err;

    qw_json_object_begin(&w);
    qw_json_name(&w, "station");
    qw_json_text(&w, operator_station(desk).id);
    qw_json_name(&w, "keys");
    qw_json_uint(&w, keys);
    qw_json_object_end(&w);
    if (!qw_json_done(&w)) {
        return QW_ERR_ARG;
    }
    err = operator_device_call(desk, "POST", device_id, "/charge", body, &answer);
    return err != QW_OK ? err : read_package(answer, package, len);
}

/* station: where it was ordered; "": nothing was. */
static qw_err read_charge_order(const char *answer, char station[static STATION_CAP],
                                uint32_t *keys)
{
    const struct qw_json_node *order;
    struct qw_json_reader r;
    uint64_t number = 0;
    size_t count = 0;
    qw_err err = qw_json_open(answer, strlen(answer), &r);

    if (err != QW_OK) {
        return err;
    }
    order = qw_json_item(qw_json_get_array(&r, qw_json_root_object(&r), "orders", 0, 1, &count), 0);
    if (count == 1) {
        qw_json_get_text(&r, order, "station", station, 1, STATION_CAP);
        qw_json_get_uint(&r, order, "keys", 1, QW_PACKAGE_KEYS_MAX, &number);
    }
    err = qw_json_end(&r);
    *keys = (uint32_t)number;
    return err;
}

qw_err operator_ordered_keys(struct operator_desk *desk, const char *device_id, uint32_t *keys)
{
    char path[PATH_TEXT_CAP];
    char encoded[PATH_TEXT_CAP / 2];
    char station[STATION_CAP] = "";
    const char *answer = NULL;
    uint32_t ordered = 0;
    qw_err err = qw_url_encode(device_id, encoded, sizeof encoded);

    if (err == QW_OK) {
        (void)snprintf(path, sizeof path, "/v1/charge-orders?device=%s", encoded);
        err = operator_call(desk, "GET", path, NULL, &answer);
    }
    if (err == QW_OK) {
        err = read_charge_order(answer, station, &ordered);
    }
    if (err == QW_OK && station[0] == '\0') {
        operator_say(desk, "nothing was ordered for this device");
        err = QW_ERR_NOT_FOUND;
    } else if (err == QW_OK && strcmp(station, operator_station(desk).id) != 0) {
        operator_explain(desk, "ordered at another station: %s", station);
        err = QW_ERR_CONFLICT;
    }
    if (err == QW_OK) {
        *keys = ordered;
    }
    return err;
}

static qw_err confirm(struct operator_desk *desk, const char *device_id, const uint8_t *receipt)
{
    char body[BODY_CAP];
    const char *answer;
    struct qw_json_writer w = qw_json_writer_on(body, sizeof body);

    qw_json_object_begin(&w);
    qw_json_name(&w, "receipt");
    qw_json_base64(&w, receipt, QW_RECEIPT_LEN);
    qw_json_object_end(&w);
    if (!qw_json_done(&w)) {
        return QW_ERR_ARG;
    }
    return operator_device_call(desk, "POST", device_id, "/charge/confirm", body, &answer);
}

static qw_err explain_card(const struct charging *charging, qw_err err)
{
    if (err != QW_OK) {
        operator_explain(charging->desk, "the card: %s", qw_card_err_text(charging->card, err));
    }
    return err;
}

/* A new card: the package is for the station, which opens it with its own card, writes the new one
 * and signs for it. */
static qw_err write_new_card(struct charging *charging)
{
    const struct operator_station own = operator_station(charging->desk);
    struct qw_card *station = NULL;
    struct qw_package birth;
    struct qw_card_keys keys;
    struct qw_receipt made = { 0 };
    qw_err err = qw_card_open_by_file(own.card, own.passphrase_file, &station);

    if (err != QW_OK) {
        operator_explain(charging->desk, "the station's own card: %s",
                         qw_card_err_text(own.card, err));
        return err;
    }
    err = qw_card_open_birth(station, charging->package, charging->len, &birth);
    qw_card_close(station);
    if (err != QW_OK) {
        return err;
    }
    err = explain_card(
        charging, qw_card_create(charging->card, charging->secret, charging->secret_len, &birth));
    if (err == QW_OK) {
        err = qw_card_keys_derive(birth.card_key, &keys);
    }
    if (err == QW_OK) {
        memcpy(made.serial, birth.serial, sizeof made.serial);
        memcpy(made.package_id, birth.id, sizeof made.package_id);
        err = qw_receipt_seal(&made, keys.receipt, charging->receipt);
    }
    qw_wipe(&keys, sizeof keys);
    qw_package_wipe(&birth);
    return err;
}

static qw_err charge_existing_card(struct charging *charging)
{
    struct qw_card *card = NULL;
    qw_err err = explain_card(
        charging, qw_card_open(charging->card, charging->secret, charging->secret_len, &card));

    if (err == QW_OK) {
        err = qw_card_take_package(card, charging->package, charging->len, charging->receipt, NULL,
                                   NULL);
    }
    qw_card_close(card);
    return err;
}

static qw_err ask_and_take(struct charging *charging, uint32_t keys, bool is_new)
{
    enum qw_package_kind kind;
    uint8_t serial[16];
    uint32_t epoch;
    qw_err err = ask_for_package(charging->desk, charging->device_id, keys, charging->package,
                                 &charging->len);

    if (err == QW_OK) {
        err = qw_package_peek(charging->package, charging->len, &kind, serial, &epoch);
    }
    if (err == QW_OK && (kind == QW_PACKAGE_BIRTH) != is_new) {
        operator_say(charging->desk, is_new ? "the device has a card already, but not at this path"
                                            : "the card at this path is not this device's");
        err = QW_ERR_CONFLICT;
    }
    if (err != QW_OK) {
        return err;
    }
    return is_new ? write_new_card(charging) : charge_existing_card(charging);
}

/* S2 after an end between S1 and S2: the device is still waiting for the receipt of a card that
 * stands. *has_receipt is false when it is not so. */
static qw_err take_up_birth(struct charging *charging, bool *has_receipt)
{
    struct qw_card_info info = { .owner = "" };
    struct qw_card *card = NULL;
    const char *answer = NULL;
    char state[STATE_CAP] = "";
    struct qw_json_reader r;
    qw_err err =
        operator_device_call(charging->desk, "GET", charging->device_id, "", NULL, &answer);

    *has_receipt = false;
    if (err == QW_OK) {
        err = qw_json_open(answer, strlen(answer), &r);
    }
    if (err != QW_OK) {
        return err;
    }
    qw_json_get_text(&r, qw_json_root_object(&r), "state", state, 1, sizeof state);
    qw_json_close(&r);
    if (strcmp(state, "charged") != 0) {
        return QW_OK;
    }
    err = explain_card(charging,
                       qw_card_open(charging->card, charging->secret, charging->secret_len, &card));
    if (err == QW_OK) {
        qw_card_info(card, &info);
        if (strcmp(info.owner, charging->device_id) == 0) {
            err = qw_card_receipt(card, charging->receipt);
            *has_receipt = err == QW_OK;
        }
    }
    qw_card_close(card);
    return err;
}

static qw_err charge(struct charging *charging, uint32_t keys)
{
    bool does_exist = false, has_receipt = false;
    qw_err err = explain_card(charging, qw_card_exists(charging->card, charging->secret,
                                                       charging->secret_len, &does_exist));

    if (err == QW_OK && does_exist) {
        err = take_up_birth(charging, &has_receipt);
    }
    if (err == QW_OK && !has_receipt) {
        err = ask_and_take(charging, keys, !does_exist);
    }
    return err == QW_OK ? confirm(charging->desk, charging->device_id, charging->receipt) : err;
}

qw_err operator_charge(struct operator_desk *desk, const char *device_id, uint32_t keys,
                       const char *card, const char *passphrase_path)
{
    struct charging charging = { .desk = desk, .device_id = device_id, .card = card };
    qw_err err = qw_card_secret_read(card, passphrase_path, &charging.secret, &charging.secret_len);

    operator_say(desk, "");
    charging.package = malloc(PACKAGE_CAP);
    if (charging.package == NULL) {
        err = QW_ERR_NOMEM;
    }
    if (err == QW_OK) {
        err = charge(&charging, keys);
    }
    qw_secret_free(charging.secret);
    free(charging.package);
    return err;
}
