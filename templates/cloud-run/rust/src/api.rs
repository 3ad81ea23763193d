//! Owns the domain: one route that draws a fruit. Replace it by yours.

use std::future::ready;
use std::str::FromStr;

use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use crate::service::{Api, Json, Preparation, Problem, Query, Routes, get};

/// What this domain brings to the service.
pub const API: Api = Api { configure, describe: Document::openapi, prepare };

#[derive(OpenApi)]
#[openapi(paths(fruit), components(schemas(Draw, Fruit)))]
struct Document;

fn configure(routes: &mut Routes<'_>) {
    routes.add("/v1/fruit", get(fruit));
}

/// There is nothing to prepare; a service that needs a database would connect to it here.
fn prepare() -> Preparation {
    Box::pin(ready(Ok(())))
}

/// A fruit.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Fruit {
    Apple,
    Banana,
    Cherry,
    Fig,
    Grape,
    Kiwi,
    Lemon,
    Mango,
    Orange,
    Pear,
}

const FRUITS: [Fruit; 10] = [
    Fruit::Apple,
    Fruit::Banana,
    Fruit::Cherry,
    Fruit::Fig,
    Fruit::Grape,
    Fruit::Kiwi,
    Fruit::Lemon,
    Fruit::Mango,
    Fruit::Orange,
    Fruit::Pear,
];

/// What was drawn.
#[derive(Serialize, ToSchema)]
struct Draw {
    fruit: Fruit,
}

/// A number that stands for a draw, which is the same in every language.
#[derive(Clone, Copy)]
struct Seed(u64);

impl FromStr for Seed {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = matches!(text.len(), 1..=20) && text.bytes().all(|b| b.is_ascii_digit());
        let number = fits.then(|| text.parse().ok()).flatten();
        number.map(Self).ok_or("must be a whole number from 0 to 18446744073709551615")
    }
}

impl Seed {
    /// Returns the first output of `SplitMix64` for this seed (Steele, Lea and Flood, "Fast
    /// splittable pseudorandom number generators", OOPSLA 2014).
    const fn split_mix_64(self) -> u64 {
        let z = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[utoipa::path(
    get,
    path = "/v1/fruit",
    operation_id = "fruit",
    summary = "Draws a fruit at random",
    tag = "fruit",
    params(
        ("seed" = Option<u64>, Query, description = "The same seed draws the same fruit.",
         nullable = false, minimum = 0, maximum = 18_446_744_073_709_551_615_u64),
    ),
    responses(
        (status = 200, description = "A fruit", body = Draw),
        (status = 422, description = "A seed that does not fit", body = Problem,
         content_type = "application/problem+json"),
        (status = "default", description = "Any other error", body = Problem,
         content_type = "application/problem+json"),
    ),
)]
async fn fruit(query: Query) -> Result<Json<Draw>, Problem> {
    let number = match query.read::<Seed>("seed")? {
        Some(seed) => seed.split_mix_64() % FRUITS.len() as u64,
        None => rand::random_range(0..FRUITS.len() as u64),
    };
    let fruit = FRUITS[usize::try_from(number).expect("it is below ten")];
    Ok(Json(Draw { fruit }))
}

#[cfg(test)]
mod tests {
    use super::Seed;

    #[test]
    fn a_seed_gives_what_the_paper_says() {
        // Known outputs of the generator.
        assert_eq!(Seed(0).split_mix_64(), 0xe220_a839_7b1d_cdaf);
        assert_eq!(Seed(1_234_567).split_mix_64(), 6_457_827_717_110_365_317);
    }
}
