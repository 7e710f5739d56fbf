# Do updates use directions that W emphasizes? As phi_weight, for every layer.
# size: 17.5 x 0.95 + phi_layer_n * phi_proj_n * (phi_layer_n * phi_proj_n > 12 ? 1.75 : 2.1)
# like: phi_weight
# make: lowrank ablate weights
# shows: rank
# kind: weights
# runs: fig_analysis_runs(study=rank, kind=weights)
# data: phi fig_phi_weight(study=rank, layer=all) by layer, proj, side: j, i, phi
