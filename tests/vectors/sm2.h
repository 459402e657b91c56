/* SPDX-License-Identifier: Apache-2.0 */
/* Known answers of SM2 encryption on the recommended curve. Source of each row beside it. */
#ifndef QW_TESTS_VECTORS_SM2_H
#define QW_TESTS_VECTORS_SM2_H

struct sm2_encryption_vector {
    const char *source;
    const char *private_key;
    const char *x, *y;   /* of the public key */
    const char *message; /* text */
    const char *c1;      /* without 04 */
    const char *c3;
    const char *c2;
};

static const struct sm2_encryption_vector sm2_encryption_vectors[] = {
    { "GB/T 32918.5-2017 (GM/T 0003.5-2012) C.2",
      "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8",
      "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020",
      "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13", "encryption standard",
      "04ebfc718e8d1798620432268e77feb6415e2ede0e073c0f4f640ecd2e149a73"
      "e858f9d81e5430a57b36daab8f950a3c64e6ee6a63094d99283aff767e124df0",
      "59983c18f809e262923c53aec295d30383b54e39d609d160afcb1908d0bd8766",
      "21886ca989ca9c7d58087307ca93092d651efa" },
};

#endif
