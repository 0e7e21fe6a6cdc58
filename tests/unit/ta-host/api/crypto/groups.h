/*
 * Groups for DSA and DH, made for these tests: DSA's by FIPS 186 (the first, which is smaller than
 * that has them, in the same way), DH's around safe primes.
 */
#ifndef TEESIM_TEST_GROUPS_H
#define TEESIM_TEST_GROUPS_H

#define DSA_512_PRIME                                                      \
	"c4ca4947a0bbcf058e12a2fce701a27e070720bb643708872d360926883f0e92" \
	"5be02d6e99a48835286d6f180f312476d20681d6abf9873eaa63617da479b847"
#define DSA_512_SUBPRIME "ab00c79e7db8d223a43128d71e5c730bf32fb057"
#define DSA_512_BASE                                                       \
	"c1fd95dd7c81782ffe545435766e169d4c44afd3c96801f39f2dfb288c95b3ae" \
	"88bbcdef20a0ef34aeb4781c158194283dfe7eece389049a3495a19326b25681"

#define DSA_1024_PRIME                                                     \
	"e973c80974b316584490122b74fd5063fb65ed7877ad34b02275258236c04e03" \
	"5277a0868a4906a65d50aeaeb7f88e2f3cb88eca015f796fc88aacf72dcadbb8" \
	"b92017ee825450a443155b7393b9dac485a1a507c5dec7e36a7524ed747c0e36" \
	"4475367bebb653cef29ae7fcdae5b84a1d4279b8444e14acfdf5c4b33cfb70a3"
#define DSA_1024_SUBPRIME "c7ac5131df63da5182da3d0c36f237703b4a375c7870edaadb249aed"
#define DSA_1024_BASE                                                      \
	"5d561a6cd960ebf350a5e2a48f41691d466edd2ad0b29130a3eb353710ed25b6" \
	"c97cba1b12f43b69e0b1214bbb6883894e54869e6355a538b637a0307d6ac989" \
	"4cce01326feee5b9b1e39f210824b1b65949c5bc59e01dd28784bbe2cf23ce77" \
	"19352b21f198e2e7716f8712c10cf96af9a367afe65442e2ea3f57cf067dfeb3"

#define DSA_2048_PRIME                                                     \
	"e0eb02f225f25369a55b95b2a26de8e2ff8f4ffe602e2db52fbfe113b57a8def" \
	"a3484b68ee7cff36b05ee8cd6eb4907ab85a95d4909b0e97e57b3ae067d61328" \
	"b96ec02e505cf6ebf86801e52ab3636d12aa733363c3c9f558132ede479f2a45" \
	"d7cceb163be8843ad62b3f4e2f1f24dcf6baa1cfa9070e74423fb25cbe0ea282" \
	"da356c7db0f1e899a8f622468fe10fc1a164dc6b6c1409c439afec0c41a34b5a" \
	"434e159d5453c6915b2a748ae0137409ac960be3ea5d54d875b29c018f12629d" \
	"6d439344b91dfd722092c151a4f3d957f14065f758f919bafe1ce645c4e78166" \
	"7f375da8f0bcfe395ebfb13f3e266d792d16fafe0262b22f48c31bbe5e0943b9"
#define DSA_2048_SUBPRIME "9e11f8fa5b467da5725e4276844dbe7f84e7e3b55b0bfd109dd442ece55b4d13"
#define DSA_2048_BASE                                                      \
	"b14a7f87a2c3f8953bf38679e9fe74df3ef7a4aa654a80cc8a4536185979ee45" \
	"07a089bcb547063b1a7023494da99e7e6e5547536d6435915d988a46505325bf" \
	"7330aa9e9f4b89d971cb82dcb074e4a935445be5b7bbf5c30ee0a59a80b6eeca" \
	"e47c86e63acbf9e69d5d5755c0411e0fa4549196f58c012965bfe0828d346e94" \
	"1e846167a6b2951eefd48a9258c6ad6645035b4453656c1ba68989b85dbb62d8" \
	"0e633268918f5ad9fb7e0e1517b485e580798963703c53bb5b2d280f985c2abe" \
	"49ae28a66fd1dd585500fb840c69c52beb707b4d39bbc42839929a0afd5004fd" \
	"9377a280f223a1948a788f4061743923f2a8d142171be4877844b368579542da"

#define DH_256_PRIME "ef42a6dc4b2e7e4d992a376f5720b3c8ee71d1ba634686fab98c02a1981648bb"
#define DH_512_PRIME                                                       \
	"c22eb6c7f2f7d9cdd241948a5df4c69c53ab18bbfe738af659e4901141528d0f" \
	"39c96be93bb568926b26936b6bd6d7ebda3f6fe2e4ce44352fd29df4f1127e33"

#endif
