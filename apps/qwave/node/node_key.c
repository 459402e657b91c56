/* SPDX-License-Identifier: Apache-2.0 */
/* qwave node key: the key by which a node signs its journal. */
#include "command.h"
#include "json_print.h"
#include "node/node.h"
#include "node/node_key_file.h"
#include "option_value.h"

#include <argp.h>
#include <string.h>

enum { JSON_CAP = 512 };

struct key_arguments {
    const char *path;
    enum qw_signature_algorithm algorithm;
    bool is_shown, as_json;
};

static const struct argp_option key_options[] = {
    { "signature", 's', "p256|sm2", 0, "algorithm of a new key (default: p256)", 0 },
    { "show", 'w', NULL, 0, "make none: the public half of the one in the file", 0 },
    { "json", 'j', NULL, 0, "one JSON object", 0 },
    { 0 },
};

static error_t parse_key(int key, char *value, struct argp_state *state)
{
    struct key_arguments *arguments = state->input;

    switch (key) {
    case 's':
        arguments->algorithm = qw_signature_by_name(value);
        if (arguments->algorithm == QW_SIGNATURE_NONE) {
            argp_error(state, "--signature is p256 or sm2, not '%s'", value);
        }
        return 0;
    case 'w':
        arguments->is_shown = true;
        return 0;
    case 'j':
        arguments->as_json = true;
        return 0;
    default:
        return option_only_word(&arguments->path, "say which file", key, value, state);
    }
}

struct shown {
    const char *algorithm;
    char pem[QW_SIGNATURE_PEM_CAP];
};

static void write_shown(struct qw_json_writer *w, const void *self)
{
    const struct shown *shown = self;

    qw_json_name(w, "algorithm");
    qw_json_text(w, shown->algorithm);
    qw_json_name(w, "public_key");
    qw_json_text(w, shown->pem);
}

static qw_err show_file(const char *path, struct qw_public_key *public)
{
    struct qw_signing_key *key = NULL;
    qw_err err = node_key_file_read(path, &key);

    if (err == QW_OK) {
        *public = node_key_public(key);
        qw_signing_key_free(key);
    }
    return err;
}

int cmd_node_key(int argc, char **argv)
{
    static const struct argp argp = {
        key_options,
        parse_key,
        "FILE",
        "Makes the key by which a node signs its journal (journal_key), in a new file for its "
        "owner alone, and prints the public half, PEM: keep it where the journal is checked.",
        NULL,
        NULL,
        NULL
    };
    struct key_arguments arguments = { .algorithm = QW_SIGNATURE_P256 };
    struct qw_public_key key;
    struct shown shown;
    qw_err err;

    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    err = arguments.is_shown ? show_file(arguments.path, &key)
                             : node_key_file_make(arguments.path, arguments.algorithm, &key);
    if (err == QW_OK) {
        err = qw_public_key_write(&key, shown.pem);
    }
    if (err != QW_OK) {
        fprintf(stderr, "qwave node key: %s: %s\n", arguments.path, qw_err_text(err));
        return qw_exit_of(err);
    }
    shown.algorithm = qw_signature_name(key.algorithm);
    if (arguments.as_json) {
        return json_print(JSON_CAP, write_shown, &shown);
    }
    printf("%s", shown.pem);
    return EXIT_DONE;
}
