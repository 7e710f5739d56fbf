#!/bin/sh
# reproduce.sh LOWRANK - what 'make reproduce' does once the program is built: the encoder, the data, the
# default study, its tables and figures, and where to go on. Everything that is there is kept.
set -e
lowrank=$1
home=${LOWRANK_HOME:-out}
[ -e "$home/models/minilm/config.json" ] ||
    echo "Downloading all-MiniLM-L6-v2: 84 MB, 91 MB in $home/models; data and runs take 70 MB more."
"$lowrank" fetch minilm >/dev/null
"$lowrank" prepare supersense hypernym >/dev/null
"$lowrank" sweep rank
"$lowrank" ablate subspace
echo
echo "Accuracy on dev in percent, beside the paper's Table 6:"
echo
"$lowrank" table rank --wide
cat <<END

Do adapters of other ranks and seeds find the same directions (the paper's section 7.2)? phi(1,1)
compares the first direction of both, phi(r,r) all r of them: 1 is the same subspace, "floor" is what
random matrices have. "top shared" says where the first directions agree, as in the paper's Figure 3.

END
"$lowrank" table subspace_top
for figure in rank phi_rank phi_seed; do "$lowrank" figure $figure >/dev/null || exit; done
cat <<END

The figures are in $home/figures: rank.pdf (accuracy against rank), phi_rank.pdf and phi_seed.pdf
(subspaces), each also as SVG and PNG. $(du -sh "$home" | cut -f1) of disk are in use in $home.
Next:
  $lowrank claims                      what of the paper holds here
  $lowrank report                      everything as one HTML page
  $lowrank sweep rank=1,16 lr=1e-3,4e-3 --seeds 3 mine      a sweep of your own
END
