/* SPDX-License-Identifier: Apache-2.0 */
/* How many proofs of certificate and quantum key a centre takes [C11]: challenge and answer, one
 * caller after the other, no network, each a durable group on SQLite. What the prover does is not
 * counted. */
#define _POSIX_C_SOURCE 200809L
#include "api/certificate/signing_request.h"
#include "base/clock.h"
#include "base/secret.h"
#include "bench/management.h"
#include "centre/authentication/authentication.h"
#include "centre/certificate/certificate.h"
#include "crypto/aead.h"
#include "scratch_folder.h"
#include "store/store_sqlite.h"

#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { PROOFS_MAX = 1000, PACKAGE_CAP = 64 * 1024, WINDOW_S = QW_AUTH_WINDOW_S_MAX };
#define NAME "urn:qwave:terminal:meter"

struct prover { /* one card, one certificate, and as many proofs as it has keys */
    uint8_t serial[16];
    uint32_t epoch;
    uint8_t report_key[32];
    uint8_t ids[PROOFS_MAX][16];
    uint8_t keys[PROOFS_MAX][32];
    EVP_PKEY *private_key;
    uint8_t certificate_hash[32];
    struct {
        uint8_t bytes[QW_AUTH_PROOF_MAX];
        size_t len;
    } proofs[PROOFS_MAX];
    uint8_t challenges[PROOFS_MAX][QW_AUTH_CHALLENGE_MAX];
    size_t challenge_len;
};
struct place {
    char folder[256], path[288];
    struct qw_store store;
    struct qw_custody custody;
    struct qw_key_source source;
    struct qw_centre *centre;
    uint8_t sealed[PACKAGE_CAP];
    size_t count;
    struct prover prover;
};
static const struct qw_caller officer = { .role = QW_ROLE_OPERATOR, .id = "bench" };

/* The keys of this bench protect nothing. */
static const uint8_t open_key[32] = { 1 };

static qw_err wrap(void *self, const uint8_t kek[static QW_KEK_LEN], uint8_t *wrapped, size_t cap,
                   size_t *len)
{
    (void)self;
    qw_assert(cap >= QW_KEK_LEN + QW_AEAD_OVERHEAD);
    *len = QW_KEK_LEN + QW_AEAD_OVERHEAD;
    return qw_aead_seal(QW_AEAD_AES256_GCM, open_key, (struct qw_bytes){ "", 0 }, kek, QW_KEK_LEN,
                        wrapped);
}

static qw_err open_centre(struct place *place)
{
    struct qw_centre_config config = { .store = &place->store,
                                       .custody = &place->custody,
                                       .source = &place->source,
                                       .centre_id = "bench",
                                       .block_keys = 256,
                                       .stock_keys = 2 * PROOFS_MAX,
                                       .auth_window_s = WINDOW_S };
    qw_err err;

    err = scratch_folder_make("qwave-bench", place->folder, sizeof place->folder);
    if (err != QW_OK) {
        return err;
    }
    (void)snprintf(place->path, sizeof place->path, "%s/centre.db", place->folder);
    place->custody = (struct qw_custody){ .name = "bench", .wrap = wrap };
    err = qw_store_sqlite_open(place->path, &place->store);
    if (err == QW_OK) {
        err = qw_key_source_kernel(&place->source);
    }
    if (err == QW_OK) {
        err = qw_centre_new(&config, &place->centre);
    }
    if (err == QW_OK) {
        err = qw_centre_authority_found(place->centre, &officer, QW_CERTIFICATE_P256);
    }
    return err == QW_OK ? qw_centre_ingest(place->centre) : err;
}

static void close_centre(struct place *place)
{
    qw_centre_free(place->centre);
    qw_store_close(&place->store);
    qw_key_source_close(&place->source);
    scratch_folder_remove(place->folder);
}

/* The card takes its birth, and the centre its receipt. */
static qw_err take_birth(struct place *place, const struct qw_package *birth)
{
    struct prover *prover = &place->prover;
    struct qw_receipt receipt = { .counter = 0 };
    uint8_t sealed[QW_RECEIPT_LEN];
    struct qw_card_keys keys;
    qw_err err = qw_card_keys_derive(birth->card_key, &keys);

    memcpy(prover->serial, birth->serial, sizeof prover->serial);
    memcpy(receipt.serial, birth->serial, sizeof receipt.serial);
    memcpy(receipt.package_id, birth->id, sizeof receipt.package_id);
    prover->epoch = birth->epoch;
    for (uint16_t i = 0; i < birth->key_count && i < PROOFS_MAX && err == QW_OK; i++) {
        err = qw_package_key_id(keys.id, birth->id, i, prover->ids[i]);
        memcpy(prover->keys[i], birth->keys + (size_t)i * 32, 32);
    }
    if (err == QW_OK) {
        memcpy(prover->report_key, keys.report, sizeof prover->report_key);
        err = qw_receipt_seal(&receipt, keys.receipt, sealed);
    }
    qw_wipe(&keys, sizeof keys);
    return err == QW_OK
               ? qw_centre_charge_confirm(place->centre, &officer, "meter", sealed, sizeof sealed)
               : err;
}

static qw_err make_card(struct place *place)
{
    struct qw_package station = { .kind = QW_PACKAGE_BIRTH }, birth = { .kind = QW_PACKAGE_BIRTH };
    struct qw_card_keys keys;
    size_t len = 0;
    qw_err err = qw_centre_station_birth(place->centre, &officer, "station", &station);

    if (err == QW_OK) {
        err = qw_card_keys_derive(station.card_key, &keys);
    }
    if (err == QW_OK) {
        err = qw_centre_device_register(place->centre, &officer, "meter", QW_DEVICE_TERMINAL, "",
                                        "app");
    }
    if (err == QW_OK) {
        err = qw_centre_charge(place->centre, &officer, "meter", "station", (uint32_t)place->count,
                               place->sealed, sizeof place->sealed, &len);
    }
    if (err == QW_OK) {
        err = qw_package_open(place->sealed, len, keys.wrap, &birth);
    }
    if (err == QW_OK) {
        err = take_birth(place, &birth);
    }
    qw_package_wipe(&station);
    qw_package_wipe(&birth);
    return err;
}

static qw_err certify(struct place *place)
{
    struct qw_signing_request_made request;
    struct qw_certificate_wish wish = { .request = request.request };
    struct qw_certificate_made made;
    BIO *bio;
    qw_err err = qw_signing_request_new(QW_CERTIFICATE_P256, NAME, NULL, 0, &request);

    if (err == QW_OK) {
        wish.request_len = strlen(request.request);
        err = qw_centre_certificate_issue(place->centre, &officer, &wish, &made);
    }
    if (err != QW_OK) {
        return err;
    }
    memcpy(place->prover.certificate_hash, made.hash, sizeof made.hash);
    bio = BIO_new_mem_buf(request.key, -1);
    place->prover.private_key = bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    BIO_free(bio);
    return place->prover.private_key == NULL ? QW_ERR_NOMEM : QW_OK;
}

static qw_err prove(struct prover *prover, size_t i)
{
    struct qw_auth_proof p = { .epoch = prover->epoch,
                               .time_ms = qw_clock_utc_ms(),
                               .name = NAME,
                               .challenge_len = prover->challenge_len };
    uint8_t root[QW_CARD_ROOT_LEN];
    qw_err err;

    memcpy(p.serial, prover->serial, sizeof p.serial);
    memcpy(p.key_id, prover->ids[i], sizeof p.key_id);
    memcpy(p.certificate_hash, prover->certificate_hash, sizeof p.certificate_hash);
    memcpy(p.challenge, prover->challenges[i], prover->challenge_len);
    err = qw_card_root(prover->report_key, prover->keys[i], root);
    if (err == QW_OK) {
        err = qw_auth_proof_seal(&p, prover->private_key, root, prover->proofs[i].bytes,
                                 &prover->proofs[i].len);
    }
    qw_wipe(root, sizeof root);
    return err;
}

static double now_s(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static qw_err measure(struct place *place, double *per_s)
{
    struct prover *prover = &place->prover;
    uint8_t answer[QW_AUTH_ANSWER_LEN];
    double taken_s;
    qw_err err = QW_OK;

    taken_s = -now_s();
    for (size_t i = 0; i < place->count && err == QW_OK; i++) {
        err = qw_centre_auth_challenge(place->centre, NAME, prover->challenges[i],
                                       &prover->challenge_len);
    }
    taken_s += now_s();
    for (size_t i = 0; i < place->count && err == QW_OK; i++) {
        err = prove(prover, i);
    }
    taken_s -= now_s();
    for (size_t i = 0; i < place->count && err == QW_OK; i++) {
        err = qw_centre_authenticate(place->centre, NULL, prover->proofs[i].bytes,
                                     prover->proofs[i].len, answer);
    }
    taken_s += now_s();
    *per_s = (double)place->count / taken_s;
    return err;
}

qw_err bench_authentication(const struct management_wishes *wishes, struct management_sheet *sheet)
{
    struct place *place = qw_secret_new(sizeof *place);
    double per_s = 0;
    qw_err err;

    if (place == NULL) {
        return QW_ERR_NOMEM;
    }
    place->count = wishes->queries < PROOFS_MAX ? wishes->queries : PROOFS_MAX;
    err = open_centre(place);
    if (err == QW_OK) {
        err = make_card(place);
    }
    if (err == QW_OK) {
        err = certify(place);
    }
    if (err == QW_OK) {
        err = measure(place, &per_s);
    }
    if (err == QW_OK) {
        management_add(sheet, "auth_per_s", per_s);
    }
    EVP_PKEY_free(place->prover.private_key);
    close_centre(place);
    qw_secret_free(place);
    return err;
}
