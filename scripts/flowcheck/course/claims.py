"""What the problem set's published solution says, and what is true instead: the text, in order.

The numbers that belong to each claim are measured elsewhere; `key` joins the two. Claims about
theory, flows and chains first, then those about the autoencoder, in the order of the questions.
"""

from typing import NamedTuple


class Claim(NamedTuple):
    """One statement of the published solution.

    kind: "error"; "slip", in print alone, with nothing to measure; or "credit", where the solution
    does more than it was asked. place: question and equation numbers; says, holds: sentences;
    source: where what holds is proved or measured, a paper or a section of the appendix.
    """

    key: str
    kind: str
    place: str
    says: str
    holds: str
    source: str


APPENDIX_KERNEL = "Appendix, “KL shrinks under a reversible kernel”"
APPENDIX_BOUND = "Appendix, “More samples, a higher bound”"
APPENDIX_HMC = "Appendix, “Hamiltonian Monte Carlo”"
APPENDIX_VAE = "Appendix, “The variational autoencoder”"

CLAIMS = (
    Claim(
        "equality",
        "error",
        "Question 1",
        "KL(q_T‖p) = KL(q‖p) when the kernel T is constant.",
        "A constant T draws from p in one step, so KL is 0 after it. Equality holds exactly when "
        "q/p is constant given the next state.",
        APPENDIX_KERNEL,
    ),
    Claim(
        "stronger",
        "credit",
        "Question 1, equation 6",
        "KL(q_T‖p) ≤ KL(q‖p) − KL(q‖q'_T), where q'_T is q after two steps of T.",
        "This is right, and stronger than the inequality that was asked for.",
        APPENDIX_KERNEL,
    ),
    Claim(
        "subset",
        "slip",
        "Question 2, equations 11 and 12",
        "The inner average of the subset argument runs over the first m indices.",
        "It runs over the indices in the random subset. An average over the first m indices does "
        "not depend on the subset, and its mean over subsets is not the average over all k.",
        f"Burda, Grosse & Salakhutdinov 2016, arXiv 1509.00519, appendix A; {APPENDIX_BOUND}",
    ),
    Claim(
        "references",
        "slip",
        "Question 2",
        "The proof ends by combining (3) and (6) to obtain (2).",
        "The equations meant are (9) and (12), which give (8).",
        APPENDIX_BOUND,
    ),
    Claim(
        "printed_shift",
        "error",
        "Question 3(2), equations 28 and 29",
        "A RealNVP coupling is θ2 exp(m1(θ1)) + exp(m2(θ1)).",
        "The shift is m2(θ1) itself, as the solution's own code has it. As printed, every shift is "
        "positive, and the flow fits worse. Both are trained here by the published recipe.",
        "Dinh, Sohl-Dickstein & Bengio 2016, arXiv 1605.08803, equation 5",
    ),
    Claim(
        "denormal",
        "error",
        "Question 3(2), code",
        "The log likelihood is log(exp(−r²/8)) in float32, and a step is skipped if its loss is "
        "not finite.",
        "From |r| = 26.6 the exponential is denormal: the loss is still finite, but its "
        "gradient is not, and Adam writes NaN into every parameter. The loss is never finite "
        "again, so every later step is skipped, and the plotted curve repeats its last finite "
        "value, which hides the failure. Sums of log densities do not underflow. Measured with "
        "that loop and the planar flow.",
        "IEEE 754 single precision: the smallest normal number is 1.2e-38",
    ),
    Claim(
        "one_seed",
        "error",
        "Question 3(2), results",
        "Each flow is judged by a single run.",
        "The same recipe gives a different KL for each seed; a comparison needs the spread.",
        "this study's replicates",
    ),
    Claim(
        "accepted_only",
        "error",
        "Question 3(3), code",
        "Hamiltonian Monte Carlo stores accepted proposals only: a rejected one is tried again "
        "from the same state.",
        "A rejected proposal leaves the chain where it is, and that state counts again. Without "
        "those repetitions the chain has a different stationary law. The bias is real, and here it "
        "is no larger than one Monte Carlo error of 10,000 independent draws, so it changes no "
        "conclusion.",
        APPENDIX_HMC,
    ),
    Claim(
        "fixed_length",
        "error",
        "Question 3(3), code",
        "Every trajectory takes L = 100 steps of ε = 0.05.",
        "The fixed length L ε = 5 resonates with the motion along the banana's arms: successive "
        "draws are nearly mirror images in θ2, so alike in θ1 and θ2², and the chain is worth "
        "fewer independent draws than it has.",
        "Neal 2011, arXiv 1206.1901, section 5.4.2",
    ),
    Claim(
        "shrinking",
        "error",
        "Question 3(3), code",
        "An option draws the number of steps at random, up to L.",
        "It overwrites L with each draw, so no draw exceeds the previous one and L shrinks to 1. "
        "The solution's runs do not use the option.",
        "the mean of that recursion in closed form, for uniform draws from 1 to L",
    ),
    Claim(
        "kept_start",
        "error",
        "Question 3(4), code",
        "The long run's draws begin with the chain's start, (0, 0), and all 10,001 serve as the "
        "ground truth.",
        "The start is chosen, not drawn, so it should be left out. It is one draw in 10,001, and "
        "its effect is small. Both numbers are exact.",
        APPENDIX_HMC,
    ),
    Claim(
        "neighbours",
        "error",
        "Question 3(4), results",
        "RealNVP's KL is 0.0192 by k nearest neighbours, the best of the three flows.",
        "Even where KL is 0 the estimator scatters by about half of that figure, and where KL is "
        "not 0 it reads low. Since the evidence is known, KL itself can be computed for "
        "comparison.",
        "Wang, Kulkarni & Verdú 2009, and this study's own draws",
    ),
    Claim(
        "entropy_sign",
        "error",
        "Question 4(1), equation 43",
        "The evidence lower bound ends in − H(q).",
        "The entropy enters with a plus: ELBO = E log p(x, z) + H(q). With the wrong sign the "
        "value is off by 2 H(q).",
        APPENDIX_VAE,
    ),
    Claim(
        "grey_levels",
        "error",
        "Question 4(3), code",
        "The pixels are grey levels in a Bernoulli likelihood.",
        "The question asks for binary vectors, and the Bernoulli formula is a likelihood only for "
        "these. On grey levels the training objective is the average bound over random binary "
        "versions of an image, with one q(z|x) for them all: the encoder sees more of the image in "
        "training than any binary version shows, and as a result its ELBO on binary images is "
        "lower. Both ways of training are measured here on the same binary images.",
        APPENDIX_VAE,
    ),
    Claim(
        "l1000",
        "error",
        "Question 4(3), results",
        "The curve called L_1000 is the one-sample ELBO of batches of 1000 images.",
        "L_1000 averages 1000 importance weights of one image inside the logarithm; an average of "
        "ELBOs over a batch is an ELBO.",
        APPENDIX_BOUND,
    ),
    Claim(
        "two_curves",
        "error",
        "Question 4(3), code",
        "The training curve averages over the epoch while the weights move; the test curve is "
        "taken at its end.",
        "Both should be measured at the same weights. Otherwise the training curve lags behind, "
        "and the gap between training and test images shrinks or changes its sign.",
        "this study's own training curves",
    ),
    Claim(
        "generated",
        "error",
        "Question 4(4)",
        "The images called generated are decoded from q(z|x) of test images.",
        "Each is computed from an image x, so these are reconstructions; a generated image is "
        "decoded from a draw of the prior.",
        APPENDIX_VAE,
    ),
    Claim(
        "mesh",
        "error",
        "Question 4(5), code",
        "The mesh over the latent space spans ±3, a number typed into the code.",
        "The question asks for the rectangle that the scatter spans.",
        "this study's own scatter",
    ),
)
