/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "qkd/auth_pool_file.h"
#include "qkd_link/qkd.h"

#include <argp.h>
#include <stdio.h>

struct pool_arguments {
    const char *path[2];
    uint64_t len;
    bool as_json;
};

static const struct argp_option pool_options[] = {
    { "bytes", 'b', "N", 0, "of both directions together, even, 80 to 1048576 (default: 65536)",
      0 },
    { "json", 'j', NULL, 0, "one JSON object", 0 },
    { 0 },
};

static error_t parse_pool(int key, char *value, struct argp_state *state)
{
    struct pool_arguments *arguments = state->input;

    switch (key) {
    case 'b':
        if (!qkd_parse_uint(value, QW_QKD_POOL_FILE_LEN_MIN, QW_QKD_POOL_FILE_LEN_MAX,
                            &arguments->len) ||
            arguments->len % 2 != 0) {
            argp_error(state, "--bytes is even and %d..%d, not '%s'", QW_QKD_POOL_FILE_LEN_MIN,
                       QW_QKD_POOL_FILE_LEN_MAX, value);
        }
        return 0;
    case 'j':
        arguments->as_json = true;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num >= 2) {
            argp_error(state, "two files, one for each end");
        }
        arguments->path[state->arg_num] = value;
        return 0;
    case ARGP_KEY_END:
        if (state->arg_num < 2) {
            argp_error(state, "two files, one for each end");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int qkd_pool(int argc, char **argv)
{
    static const struct argp argp = {
        pool_options,
        parse_pool,
        "ALICE-FILE BOB-FILE",
        "Makes an authentication pool and writes it to two new files, one for each end of a link. "
        "Carry one of them to its node and keep no copy.",
        NULL,
        NULL,
        NULL
    };
    struct pool_arguments arguments = { .len = 65536 };
    qw_err err;

    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    err = qw_qkd_pool_file_charge(arguments.path[0], arguments.path[1], arguments.len);
    if (err != QW_OK) {
        fprintf(stderr, "qwave qkd pool: %s\n", qw_err_text(err));
        return qw_exit_of(err);
    }
    if (arguments.as_json) {
        printf("{\"pool_bits\":%llu,\"tags_per_direction\":%llu}\n",
               8 * (unsigned long long)arguments.len,
               ((unsigned long long)arguments.len / 2 - QW_ONE_TIME_MAC_KEY_LEN) /
                   QW_ONE_TIME_MAC_PAD_LEN);
    }
    return EXIT_DONE;
}
