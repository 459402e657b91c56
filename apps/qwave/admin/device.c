/* SPDX-License-Identifier: Apache-2.0 */
/* qwave admin device: one device at a time [C8]. Lists: device_list.c. */
#include "admin/admin.h"

#include "api/certificate/authority.h"
#include "api/json_writer.h"
#include "base/hex.h"

#include <openssl/bn.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

enum { ACTION_CAP = 32, BODY_CAP = 2048, SERIAL_CAP = 41 };

qw_err admin_device_post(struct operator_desk *desk, const struct admin_arguments *arguments,
                         const char *path, const struct admin_member *members, size_t count)
{
    char body[BODY_CAP];
    struct qw_json_writer w = qw_json_writer_on(body, sizeof body);
    const char *answer = NULL;
    qw_err err;

    qw_json_object_begin(&w);
    for (size_t i = 0; i < count; i++) {
        if (members[i].value != NULL) {
            qw_json_name(&w, members[i].name);
            qw_json_text(&w, members[i].value);
        }
    }
    qw_json_object_end(&w);
    if (!qw_json_done(&w)) {
        return QW_ERR_SPACE;
    }
    err = operator_device_call(desk, "POST", arguments->word[2], path, body, &answer);
    if (err == QW_OK) {
        admin_show(answer, arguments);
    }
    return err;
}

static qw_err run_show(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    const char *answer = NULL;
    qw_err err = operator_device_call(desk, "GET", arguments->word[2], "", NULL, &answer);

    if (err == QW_OK) {
        admin_show(answer, arguments);
    }
    return err;
}

static qw_err run_add(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    const struct operator_device device = {
        .id = arguments->word[2],
        .kind = arguments->kind != NULL ? arguments->kind : "terminal",
        .owner = arguments->owner != NULL ? arguments->owner : "",
        .peer = arguments->peer,
        .unit = arguments->unit
    };
    qw_err err = operator_device_add(desk, &device);

    if (err == QW_OK) {
        printf(arguments->as_json ? "{\"id\":\"%s\"}\n" : "%s is registered\n", arguments->word[2]);
    }
    return err;
}

static qw_err run_peers(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    const struct admin_member member = { "peer", arguments->peer };

    return admin_device_post(desk, arguments, "/peers", &member, 1);
}

static qw_err run_home(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    const struct admin_member member = { "kme", arguments->kme };

    return admin_device_post(desk, arguments, "/home", &member, 1);
}

static qw_err run_bind(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    const struct admin_member member = { "user", arguments->user };

    return admin_device_post(desk, arguments, "/bind", &member, 1);
}

static qw_err run_move(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    const struct admin_member member = { "unit", arguments->unit };

    return admin_device_post(desk, arguments, "/move", &member, 1);
}

/* SHA-256 and serial number of a certificate in PEM, as hex. */
static qw_err read_certificate(const char *path, char sha256[static 65],
                               char serial[static SERIAL_CAP])
{
    X509 *certificate = NULL;
    unsigned char digest[32];
    unsigned char number[SERIAL_CAP / 2];
    unsigned digest_len = sizeof digest;
    BIGNUM *big;
    int len;
    qw_err err = qw_certificate_read(path, &certificate);

    if (err != QW_OK) {
        return err;
    }
    big = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), NULL);
    len = big == NULL ? 0 : BN_num_bytes(big);
    if (len < 1 || (size_t)len > sizeof number || BN_bn2bin(big, number) != len ||
        X509_digest(certificate, EVP_sha256(), digest, &digest_len) != 1) {
        err = QW_ERR_FORMAT;
    } else {
        qw_hex_encode(digest, sizeof digest, sha256);
        qw_hex_encode(number, (size_t)len, serial);
    }
    BN_free(big);
    X509_free(certificate);
    return err;
}

static qw_err run_describe(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    char sha256[65];
    char serial[SERIAL_CAP];
    bool has_certificate = arguments->certificate != NULL;
    const struct admin_member members[] = {
        { "owner", arguments->owner },
        { "firmware", arguments->firmware },
        { "certificate_sha256", has_certificate ? sha256 : NULL },
        { "certificate_serial", has_certificate ? serial : NULL }
    };
    qw_err err = has_certificate ? read_certificate(arguments->certificate, sha256, serial) : QW_OK;

    return err == QW_OK ? admin_device_post(desk, arguments, "/describe", members, 4) : err;
}

static qw_err run_quota(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    char body[BODY_CAP];
    struct qw_json_writer w = qw_json_writer_on(body, sizeof body);
    const char *answer = NULL;
    qw_err err;

    qw_json_object_begin(&w);
    qw_json_name(&w, "keys_per_s");
    qw_json_uint(&w, arguments->keys_per_s);
    qw_json_name(&w, "weight");
    qw_json_uint(&w, arguments->weight);
    qw_json_object_end(&w);
    qw_assert(qw_json_done(&w)); /* two numbers fit */
    err = operator_device_call(desk, "POST", arguments->word[2], "/quota", body, &answer);
    if (err == QW_OK) {
        admin_show(answer, arguments);
    }
    return err;
}

/* The verb is a word of the table of actions, not of the user's. */
static qw_err run_change(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    char action[ACTION_CAP];
    const char *answer = NULL;
    qw_err err;

    (void)snprintf(action, sizeof action, "/%s", arguments->word[1]);
    err = operator_device_call(desk, "POST", arguments->word[2], action, NULL, &answer);
    if (err == QW_OK) {
        admin_show(answer, arguments);
    }
    return err;
}

const struct admin_action admin_device_actions[ADMIN_DEVICE_ACTIONS] = {
    { "device", "add", 3, "ID --kind KIND --owner NAME [--peer SAE,...] [--unit UNIT]",
      "register a device", run_add },
    { "device", "peers", 3, "ID --peer SAE,...", "whom an application may ask keys for",
      run_peers },
    { "device", "home", 3, "ID [--kme KME]",
      "the centre that serves an application; none: this one", run_home },
    { "device", "quota", 3, "ID --keys-per-s N --weight N", "what an application may take",
      run_quota },
    { "device", "describe", 3, "ID [--owner NAME] [--firmware TEXT] [--certificate FILE]",
      "writes down what a device is", run_describe },
    { "device", "move", 3, "ID --unit UNIT", "to another unit, with rights over both", run_move },
    { "device", "show", 3, "ID", "one device", run_show },
    { "device", "suspend", 3, "ID", "it gets nothing until it is resumed", run_change },
    { "device", "resume", 3, "ID", "", run_change },
    { "device", "destroy", 3, "ID", "for good: its keys are void at once", run_change },
    { "device", "bind", 3, "ID --user NAME", "the person who has its card", run_bind },
    { "device", "unbind", 3, "ID", "its card is nobody's; ends its radio session", run_change },
    { "device", "fuse", 3, "ID", "its card key is renewed by a quantum key, with the next refill",
      run_change },
};
