# Which directions do a small and a large rank share? As phi_rank, for every layer (Figure 6).
# size: 17.5 x 1.35 + phi_layer_n * ceil(phi_proj_n / 2.0) * (phi_layer_n > 8 ? 1.8 : 2.2)
# like: phi_rank
# make: lowrank ablate subspace
# shows: rank
# kind: subspace
# runs: fig_phi_runs(study=rank)
# text: pair fig_phi_label(study=rank, kind=rank)
# data: phi fig_phi_pair(study=rank, kind=rank, layer=all) by layer, proj: i, j, phi
