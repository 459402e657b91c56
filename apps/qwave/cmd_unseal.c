/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "command.h"

#include "api/json_reader.h"
#include "crypto/share/share.h"
#include "operator.h"
#include "share/share_entry.h"

#include <argp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* qwave unseal: an officer's part in opening a centre [C6], O1 and O2 of
 * docs/protocol/ceremony.md. */

enum { ERROR_CAP = OPERATOR_ERROR_CAP };

struct arguments {
    const char *operator_path, *url, *share_path, *passphrase_path;
    bool must_seal, as_json;
};

static const struct argp_option options[] = {
    { "operator", 'o', "FILE", 0, "operator.yaml (default: operator.yaml)", 0 },
    { "url", 'u', "URL", 0, "of the centre, instead of the one in that file", 0 },
    { "share", 's', "FILE", 0, "the officer's share (without: only show how far it is)", 0 },
    { "passphrase-file", 'f', "FILE", 0,
      "its first line opens the share (without: typed at the terminal)", 0 },
    { "seal", 'c', NULL, 0, "seal the centre again, or forget the shares entered so far", 0 },
    { "json", 'j', NULL, 0, "one JSON object on standard output", 0 },
    { 0 },
};

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case 'o':
        arguments->operator_path = value;
        return 0;
    case 'u':
        arguments->url = value;
        return 0;
    case 's':
        arguments->share_path = value;
        return 0;
    case 'f':
        arguments->passphrase_path = value;
        return 0;
    case 'c':
        arguments->must_seal = true;
        return 0;
    case 'j':
        arguments->as_json = true;
        return 0;
    case ARGP_KEY_END:
        if (arguments->share_path == NULL && arguments->passphrase_path != NULL) {
            argp_error(state, "--passphrase-file goes with --share");
        }
        if (arguments->share_path != NULL && arguments->must_seal) {
            argp_error(state, "--share or --seal, not both");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void show(const char *answer, bool as_json)
{
    struct qw_json_reader r;
    const struct qw_json_node *object;
    bool is_sealed = true;
    uint64_t entered = 0, threshold = 0, officers = 0;

    if (as_json) {
        printf("%s\n", answer);
        return;
    }
    if (qw_json_open(answer, strlen(answer), &r) != QW_OK) {
        return;
    }
    object = qw_json_root_object(&r);
    qw_json_get_bool(&r, object, "sealed", &is_sealed);
    qw_json_get_uint(&r, object, "entered", 0, QW_OFFICERS_MAX, &entered);
    qw_json_get_uint(&r, object, "threshold", 0, QW_OFFICERS_MAX, &threshold);
    qw_json_get_uint(&r, object, "officers", 0, QW_OFFICERS_MAX, &officers);
    qw_json_close(&r);
    printf(is_sealed ? "sealed: %u of the %u shares that are needed are entered; there are %u\n"
                     : "open: %u of %u needed shares were entered, of %u\n",
           (unsigned)entered, (unsigned)threshold, (unsigned)officers);
}

static qw_err call(struct operator_desk *desk, const struct arguments *arguments, char *error)
{
    const char *answer = NULL;
    qw_err err =
        arguments->share_path != NULL
            ? share_enter(desk, "/v1/seal/share", arguments->share_path, arguments->passphrase_path,
                          &answer, error)
            : operator_call(desk, arguments->must_seal ? "POST" : "GET", "/v1/seal", NULL, &answer);

    if (err == QW_OK) {
        show(answer, arguments->as_json);
    } else if (error[0] == '\0') {
        (void)snprintf(error, ERROR_CAP, "%s", operator_message(desk));
    }
    return err;
}

int cmd_unseal(int argc, char **argv)
{
    static const struct argp argp = {
        options,
        parse,
        NULL,
        "Enters an officer's share of the master key of a sealed centre, shows how many are "
        "entered, or seals the centre again.",
        NULL,
        NULL,
        NULL
    };
    struct arguments arguments = { .operator_path = "operator.yaml" };
    struct operator_desk *desk = NULL;
    char error[ERROR_CAP] = "";
    qw_err err;

    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    err = operator_open(arguments.operator_path, arguments.url, &desk, error);
    if (err == QW_OK) {
        err = call(desk, &arguments, error);
    }
    if (err != QW_OK) {
        fprintf(stderr, "qwave unseal: %s\n", error[0] != '\0' ? error : qw_err_text(err));
    }
    operator_close(desk);
    return qw_exit_of_command(err);
}
