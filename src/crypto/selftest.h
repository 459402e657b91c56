/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CRYPTO_SELFTEST_H
#define QW_CRYPTO_SELFTEST_H

#include "base/error.h"

/* Known-answer tests of every algorithm the program is about to use; each daemon runs them before
 * it serves and refuses to start when one fails. *failed names the first algorithm that gave a
 * wrong answer (static text), NULL on QW_OK. QW_ERR_REFUSED. */
qw_err qw_crypto_selftest(const char **failed) QW_MUST_USE;

#endif
