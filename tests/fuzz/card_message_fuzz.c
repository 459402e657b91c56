/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: api */
/* Messages between card and centre. The input is tried as it is, and as the body of a report or
 * receipt under a right MAC: whoever has the key is not trusted to be well-formed either. */
#include "api/contact.h"
#include "api/destruction.h"
#include "api/link_grant.h"
#include "api/package.h"
#include "crypto/hash.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t key[32] = { 1 };

static void must(int holds)
{
    if (!holds) {
        abort();
    }
}

static void as_they_are(const uint8_t *data, size_t size)
{
    struct qw_contact_report report;
    struct qw_receipt receipt;
    struct qw_link_grant grant;
    struct qw_package package = { 0 };
    enum qw_package_kind kind;
    uint8_t serial[16];
    uint32_t epoch;

    (void)!qw_contact_report_peek(data, size, serial);
    (void)!qw_contact_report_open(data, size, key, &report);
    (void)!qw_receipt_open(data, size, key, &receipt);
    (void)!qw_link_grant_open(data, size, key, &grant);
    if (qw_package_peek(data, size, &kind, serial, &epoch) == QW_OK &&
        qw_package_open(data, size, key, &package) == QW_OK) {
        qw_package_wipe(&package);
    }
}

static void about_destruction(const uint8_t *data, size_t size)
{
    uint8_t order_bytes[QW_ORDER_LEN] = { 0 }, order_again[QW_ORDER_LEN];
    uint8_t proof_bytes[QW_DESTROY_PROOF_LEN] = { 0 }, proof_again[QW_DESTROY_PROOF_LEN];
    struct qw_bytes order_part = { order_bytes, sizeof order_bytes - 32 };
    struct qw_bytes proof_part = { proof_bytes, sizeof proof_bytes - 32 };
    struct qw_destroy_order order;
    struct qw_destroy_proof proof;

    (void)!qw_destroy_order_open(data, size, key, &order);
    (void)!qw_destroy_proof_open(data, size, key, &proof);
    (void)!qw_order_done_check(data, size, key, key, key);
    memcpy(order_bytes, data, size < order_part.len ? size : order_part.len);
    memcpy(proof_bytes, data, size < proof_part.len ? size : proof_part.len);
    must(qw_hmac(QW_HASH_SHA256, key, sizeof key, &order_part, 1, order_bytes + order_part.len) ==
         QW_OK);
    must(qw_hmac(QW_HASH_SHA256, key, sizeof key, &proof_part, 1, proof_bytes + proof_part.len) ==
         QW_OK);
    if (qw_destroy_order_open(order_bytes, sizeof order_bytes, key, &order) == QW_OK) {
        must(qw_destroy_order_seal(&order, key, order_again) == QW_OK);
        must(memcmp(order_bytes, order_again, sizeof order_bytes) == 0);
    }
    if (qw_destroy_proof_open(proof_bytes, sizeof proof_bytes, key, &proof) == QW_OK) {
        must(qw_destroy_proof_seal(&proof, key, proof_again) == QW_OK);
        must(memcmp(proof_bytes, proof_again, sizeof proof_bytes) == 0);
    }
}

static void under_a_right_mac(const uint8_t *data, size_t size)
{
    uint8_t message[QW_CONTACT_REPORT_LEN] = { 0 }, again[QW_CONTACT_REPORT_LEN];
    size_t body_len = sizeof message - 32;
    struct qw_bytes part = { message, body_len };
    struct qw_contact_report report;

    memcpy(message, data, size < body_len ? size : body_len);
    must(qw_hmac(QW_HASH_SHA256, key, sizeof key, &part, 1, message + body_len) == QW_OK);
    if (qw_contact_report_open(message, sizeof message, key, &report) == QW_OK) {
        must(qw_contact_report_seal(&report, key, again) == QW_OK);
        must(memcmp(message, again, sizeof message) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    as_they_are(data, size);
    under_a_right_mac(data, size);
    about_destruction(data, size);
    return 0;
}
