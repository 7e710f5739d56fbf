# Do two seeds find the same directions? As phi_seed, for every layer (Figure 7).
# size: 17.5 x 1.35 + (phi_proj_n > 2 ? phi_layer_n : ceil(phi_layer_n / 2.0)) * (0.55 + (17.5 - 1.1 - 1.75 - 0.45 * (phi_proj_n > 2 ? phi_proj_n : 2 * phi_proj_n)) / ((phi_proj_n > 2 ? phi_proj_n : 2 * phi_proj_n) + 1.0))
# like: phi_seed
# make: lowrank ablate subspace
# shows: rank
# kind: subspace
# runs: fig_phi_runs(study=rank)
# text: pair fig_phi_label(study=rank, kind=seed)
# data: phi fig_phi_pair(study=rank, kind=seed, layer=all) by layer, proj: i, j, phi
# data: random fig_phi_pair(study=rank, kind=random, layer=all) by layer, proj: i, j, phi
