/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

#include "crypto/selftest.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

int cmd_selftest(int argc, char **argv)
{
    const char *failed = NULL;
    bool as_json = argc == 2 && strcmp(argv[1], "--json") == 0;
    bool passed;

    if (argc > 1 && !as_json) {
        fprintf(stderr, "usage: qwave selftest [--json]\n");
        return strcmp(argv[1], "--help") == 0 ? EXIT_DONE : EXIT_USAGE;
    }
    passed = qw_crypto_selftest(&failed) == QW_OK;
    if (as_json) {
        printf("{\"passed\":%s,\"failed\":%s%s%s}\n", passed ? "true" : "false", passed ? "" : "\"",
               passed ? "null" : failed, passed ? "" : "\"");
    } else if (passed) {
        printf("all known answers are right\n");
    } else {
        printf("wrong answer: %s\n", failed);
    }
    return passed ? EXIT_DONE : EXIT_REFUSED;
}
